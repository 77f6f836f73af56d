"""When a campaign is refused as a whole, and when only some of its rows are."""

import pytest

from wa_bulk.campaign.run.first_answers import ENOUGH, FEWEST, WAY_OUT, FirstAnswers


def refuse(answers: FirstAnswers, *rows: int) -> None:
    for row in rows:
        answers.refused(row, "HTTP 400, code 3002: no")


def test_enough_refusals_in_the_beginning_are_the_campaigns_fault() -> None:
    answers = FirstAnswers(watching=True)
    refuse(answers, *range(1, ENOUGH))
    too_few = answers.verdict
    refuse(answers, ENOUGH)
    verdict = "the first 20 messages were all refused; the last: HTTP 400, code 3002: no. None of them is"
    assert (too_few, answers.verdict) == (None, f"{verdict} written off.")
    assert answers.rows == (1, ENOUGH)


def test_rows_that_were_in_flight_then_belong_to_it() -> None:
    answers = FirstAnswers(watching=True)
    refuse(answers, *range(10, 10 + ENOUGH), 7, 99)
    answers.end(3, (5, 120))
    assert answers.rows == (5, 120)


def test_anything_else_makes_refusals_the_rows_own() -> None:
    answers = FirstAnswers(watching=True)
    refuse(answers, 1, 2)
    answers.other()
    refuse(answers, *range(3, 300))
    answers.end(50, None)
    assert answers.verdict is None


@pytest.mark.parametrize(
    ("refused", "unsent", "stops"),
    [(FEWEST - 1, 0, False), (FEWEST, 0, True), (2, FEWEST - 2, True), (0, 100, False)],
)
def test_at_the_end_fewer_are_enough(refused: int, unsent: int, stops: bool) -> None:
    answers = FirstAnswers(watching=True)
    refuse(answers, *range(1, refused + 1))
    answers.end(unsent, None)
    assert (answers.verdict is not None) == stops


def test_not_watching_it_never_stops() -> None:
    answers = FirstAnswers(watching=False)
    refuse(answers, *range(1, 100))
    answers.end(0, None)
    assert answers.verdict is None


def test_the_second_time_it_names_the_way_out() -> None:
    answers = FirstAnswers(watching=True, second_time=True)
    refuse(answers, *range(1, ENOUGH + 1))
    assert answers.verdict is not None
    assert answers.verdict.endswith(WAY_OUT)
