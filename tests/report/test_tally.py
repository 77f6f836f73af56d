"""Why rows have their status, on top of what is known of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.report.logs import intent, result, run
from wa_bulk.ledger.log_format import WrittenLine
from wa_bulk.ledger.row_states import CODES_MAX, STATUSES, RowStates
from wa_bulk.report.tally import NO_RESULT, Tally
from wa_bulk.send.outcome import Status


def test_a_cause_is_a_status_with_its_code_and_words() -> None:
    tally = Tally()
    for line in (
        *(run(), intent(1, 5), result(1), result(2, "failed", error="no answer")),
        *(result(3, "failed", code=1000, error="no answer"), result(4, "failed", error="no answer")),
    ):
        tally.follow(line)
    assert [(cause.status, cause.code, cause.rows) for cause in tally.causes()] == [
        *[("failed", None, 2), ("accepted", None, 1), ("failed", 1000, 1)]
    ]
    assert [tally.has_result(row) for row in (1, 2, 5, 6)] == [True, True, False, False]
    tally.states.cut_off()
    assert [*tally.rows_cut_off()] == [*tally.rows_unknown()] == [5]
    assert {cause.text for cause in tally.causes()} == {None, "no answer", NO_RESULT}


@given(st.lists(st.tuples(st.integers(1, 300), st.sampled_from(STATUSES), st.integers(0, 200)), max_size=400))
def test_however_many_causes_there_are_the_statuses_are_right(
    results: list[tuple[int, Status, int]],
) -> None:
    tally, plain = Tally(), RowStates()
    lines: list[WrittenLine] = [run(rows=300)]
    lines += [result(row, status, code=code) for row, status, code in results]
    for line in lines:
        tally.follow(line)
        plain.follow(line)
    states = [plain.state(row) for row in range(1, 301)]
    assert [tally.states.state(row) for row in range(1, 301)] == states
    assert sum(cause.rows for cause in tally.causes()) == 300 - states.count("never")
    assert len(tally.causes()) < CODES_MAX
