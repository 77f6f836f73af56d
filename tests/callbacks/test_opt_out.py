from __future__ import annotations

from typing import Any

import pytest

from tests.callbacks.rows import ADA, AT_MS, BOB, parsed, said, status
from wa_bulk.callbacks import OptOutWords
from wa_bulk.callbacks.opt_out import OptOut, opt_out_of

WORDS = OptOutWords()


def found(row: object) -> OptOut | None:
    (only,) = parsed(row)
    return opt_out_of(only, WORDS, AT_MS)


def with_data(**data: Any) -> dict[str, Any]:
    row = said("hello")
    row["response"]["response_data"] = data
    return row


def test_a_stop_is_its_writers() -> None:
    assert found(said("Stop!")) == OptOut(
        wish="stop", source="stop", reason="wrote Stop!", at_ms=AT_MS, number=ADA
    )
    start = found(said("START"))
    assert start is not None
    assert start.wish == "start"


def test_whatsapps_own_word_for_the_writer_comes_first() -> None:
    row = with_data(message={"text": {"body": "stop"}}, contact={"wa_id": "33612345678"})
    opt_out = found(row)
    assert opt_out is not None
    assert opt_out.number == BOB
    numeric = found(with_data(message={"text": {"body": "stop"}}, contact={"wa_id": 33612345678}))
    assert numeric is not None
    assert numeric.number == BOB


def test_a_number_comes_before_a_user_id_which_no_message_is_sent_to() -> None:
    for user_id in ("US.13491", "+US.13491"):
        by_user_id = with_data(message={"text": {"body": "stop"}}, contact={"wa_id": user_id})
        opt_out = found(by_user_id)
        assert opt_out is not None
        assert opt_out.number == ADA
    by_user_id["response"]["response_data"]["message_context"] = {"origin_message_id": "m9"}
    opt_out = found({**by_user_id, "from": "US.13491"})
    assert opt_out is not None
    assert (opt_out.number, opt_out.answers) == (None, "m9")
    opt_out = found(with_data(message={"text": {"body": "stop"}}, contact={"wa_id": "US.1"}) | {"from": ""})
    assert opt_out is not None
    assert opt_out.number == "US.1"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "button", "button": {"text": "Stop", "payload": "x"}},
        {"type": "button", "button": {"text": "No more of this", "payload": "STOP"}},
        {"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": "Unsubscribe"}}},
        {"type": "interactive", "interactive": {"list_reply": {"id": "STOP", "title": "Bye"}}},
        {"type": "text", "text": "stop"},
    ],
)
def test_a_button_says_it_too(message: dict[str, Any]) -> None:
    opt_out = found(with_data(message=message))
    assert opt_out is not None
    assert opt_out.wish == "stop"


def test_without_a_number_it_is_whoever_got_the_message_it_answers() -> None:
    opt_out = found(said("stop", number=None, answers="m9"))
    assert opt_out is not None
    assert (opt_out.number, opt_out.answers) == (None, "m9")
    assert found(said("stop", number=None)) is None


def test_metas_code_for_a_person_who_stopped_marketing() -> None:
    opt_out = found(status("delivered_failed", code=131050))
    assert opt_out is not None
    assert (opt_out.wish, opt_out.source, opt_out.number) == ("stop", "meta", ADA)
    assert found(status("delivered_failed", code=131026)) is None
    assert found({**status("delivered_failed", code=131050, to=None), "message_id": None}) is None


@pytest.mark.parametrize("to", [None, "US.13491"])
def test_metas_code_without_a_number_is_about_whoever_got_the_message(to: str | None) -> None:
    opt_out = found(status("delivered_failed", code=131050, to=to))
    assert opt_out is not None
    assert (opt_out.source, opt_out.number, opt_out.answers) == ("meta", None, "m1")


def test_metas_code_counts_in_a_status_that_is_not_known() -> None:
    opt_out = found(status("a state of tomorrow", code=131050))
    assert opt_out is not None
    assert (opt_out.wish, opt_out.source, opt_out.number) == ("stop", "meta", ADA)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"message": "stop"},
        {"message": {"text": {"body": 5}}},
        {"message": {"text": {"body": "please stop the machine"}}, "contact": 5},
        {"message": {"interactive": []}},
    ],
)
def test_what_says_nothing_of_the_kind(data: dict[str, Any]) -> None:
    assert found(with_data(**data)) is None
