"""The report counts how far each row has come, once each, by the best that callbacks said of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.callbacks.memory import hear
from tests.callbacks.rows import BUSINESS, Json, status
from tests.report.logs import NOON_MS, RUN_ID, end, result, run, write
from tests.report.test_page import Elements
from tests.report.test_terminal import shown
from wa_bulk.callbacks.join import rows_heard
from wa_bulk.history import RANK, STATES, History
from wa_bulk.ledger.log_format import ResultLine, timestamp
from wa_bulk.ledger.log_reader import read_run
from wa_bulk.report.delivery_cells import DeliveryCells
from wa_bulk.report.follows import follows
from wa_bulk.report.funnel import Delivery, Failure
from wa_bulk.report.page import page
from wa_bulk.report.summary import Summary, summarise
from wa_bulk.report.table import write_table

NOON_S = NOON_MS // 1000
NUMBERS = ["+447912345678", "+33612345678", "+12125550123", "+16475550123"]


def accepted(row: int, *, seconds: float = 0, to: str | None = None) -> ResultLine:
    at = timestamp(NOON_MS + round(seconds * 1000))
    number = to or NUMBERS[row % len(NUMBERS)]
    return ResultLine(RUN_ID, row, number, "accepted", at, 1, message_id=f"m{row}")


def said(
    row: int, state: str, seconds: float = 0, *, code: int | None = None, sender: str = BUSINESS
) -> Json:
    at_s = NOON_S + round(seconds)
    told = status(state, message_id=f"m{row}", to=None, tag=f"{RUN_ID}:{row}", at_s=at_s, code=code)
    return {**told, "from": sender}


def summary_of(log: Path, *told: Json) -> Summary:
    memory = log.with_name("memory.db")
    hear(memory, *told)
    with History.open(memory) as history:
        return summarise(log, history.deliveries)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ten rows: nine accepted at noon, the last unknown."""
    lines = [accepted(row) for row in range(1, 10)]
    return write(tmp_path / "orders.jsonl", run(rows=10), *lines, result(10, "unknown"), end())


def everything(log: Path) -> Summary:
    return summary_of(
        log,
        said(1, "sent", 1),
        *(said(row, "sent", 1) for row in (2, 3, 4, 5)),
        *(said(row, "delivered", 4) for row in (2, 3, 4)),
        said(3, "read", 60),
        said(4, "read", 3600, sender="+8613800138001"),
        said(5, "delivered_failed", 5, code=131049),
        said(6, "sent_failed", 5, code=131026),
        said(7, "target_invalid", 5),
        said(8, "plan"),
        said(10, "delivered", 9),
    )


def test_rows_are_counted_as_far_as_they_have_come(log: Path) -> None:
    assert everything(log).delivery == Delivery(
        sent=6,
        delivered=4,
        read=2,
        failed=3,
        unheard=1,
        failures=[
            Failure(131049, "Meta held the message back for the sake of the recipient", 1),
            Failure(131026, "The message cannot be delivered to this recipient", 1),
            Failure(None, "The recipient is not valid", 1),
        ],
    )


def test_the_rest_is_told_as_details(log: Path) -> None:
    details = everything(log).delivery_details
    assert details is not UNSET
    assert (details.not_settled, details.sent_twice) == (1, 0)
    assert details.to_delivered_ms is not None
    assert details.to_delivered_ms.highest == 4000
    assert details.to_read_ms is not None
    assert details.to_read_ms.highest == 3_600_000
    assert {share.name: share.accepted for share in details.countries} == {
        "FR": 3, "US": 2, "CA": 2, "GB": 2, "": 0,
    }  # fmt: skip
    assert [(share.name, share.sent, share.read) for share in details.senders] == [
        (BUSINESS, 6, 2),
    ]


def test_json_has_what_is_known_and_nothing_where_nothing_is(log: Path) -> None:
    told = msgspec.json.decode(msgspec.json.encode(everything(log)))
    assert list(told["delivery"]) == ["sent", "delivered", "read", "failed", "unheard", "failures"]
    assert told["delivery"]["failures"][0].keys() == {"code", "text", "rows"}
    for summary in (summarise(log), summary_of(log.rename(log.with_name("x")), status(tag="another:1"))):
        if summary.delivery is UNSET:
            assert "delivery" not in msgspec.json.decode(msgspec.json.encode(summary))


def test_a_row_that_a_callback_settled_is_not_timed(tmp_path: Path) -> None:
    line = accepted(1)
    line.settled_by = "callback"
    log = write(tmp_path / "orders.jsonl", run(rows=10), line, end())
    details = summary_of(log, said(1, "read", 9)).delivery_details
    assert details is not UNSET
    assert (details.to_delivered_ms, details.to_read_ms, details.not_settled) == (None, None, 0)


def test_clocks_apart_make_no_time_negative(log: Path) -> None:
    details = summary_of(log, said(1, "delivered", -30)).delivery_details
    assert details is not UNSET
    assert details.to_delivered_ms is not None
    assert details.to_delivered_ms.highest == 0


def test_rows_sent_twice_are_told(log: Path) -> None:
    again = {**said(1, "read"), "message_id": "another"}
    details = summary_of(log, said(1, "sent"), again, said(2, "sent")).delivery_details
    assert details is not UNSET
    assert details.sent_twice == 1


def test_messages_without_a_tag_count_by_their_message_id(log: Path) -> None:
    summary = summary_of(log, *({**said(row, "read"), "custom_args": {}} for row in (1, 2, 3)))
    assert summary.delivery is not UNSET
    assert (summary.delivery.read, summary.delivery.unheard) == (3, 6)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_terminal_tells_it_within_its_width(log: Path, width: int) -> None:
    text = shown(everything(log), width, colour=False)
    assert all(len(line) <= width for line in text.splitlines())
    words = " ".join(text.split())
    for part in (
        "What arrived", "sent 6", "delivered 4", "read 2", "failed 3", "unheard 1", "131049",
        "in growing steps", "95 % within", "country", "wa-bulk settle", "delivered: half within",
    ):  # fmt: skip
        assert part in words, text


def test_the_page_tells_it_and_lets_nothing_in(log: Path) -> None:
    summary = everything(log)
    assert summary.delivery_details is not UNSET
    summary.delivery_details.senders[0].name = "<script>"
    summary.delivery_details.senders.append(summary.delivery_details.senders[0])
    text = page(summary)
    elements = Elements()
    elements.feed(text)
    elements.close()
    assert elements.open == []
    assert "script" not in elements.names
    for part in ("What arrived", '<li class="delivered">', "131049", "in growing steps", "by country"):
        assert part in text


def test_without_callbacks_it_says_once_how_to_get_them(log: Path) -> None:
    summary = summarise(log)
    for text in (shown(summary, 80, colour=False), page(summary)):
        assert text.count("wa-bulk callbacks") == 1


def test_what_callbacks_would_speak_of_by_now_can_be_sent_again(log: Path) -> None:
    text = shown(summary_of(log, said(1, "sent")), 120, colour=False)
    assert "1 row may or may not have been accepted, and no callback has come for it." in text
    assert "retry-unheard" in text


def test_the_table_has_what_callbacks_said_of_each_row(log: Path) -> None:
    everything(log)
    with History.open(log.with_name("memory.db")) as history:
        cells = DeliveryCells.of_log(log, history.deliveries)
    to = io.StringIO(newline="")
    write_table(log, to, cells)
    rows = list(csv.DictReader(io.StringIO(to.getvalue(), newline="")))
    assert [row["delivery"] for row in rows] == [
        "sent", "delivered", "read", "read", "delivered_failed", "sent_failed", "target_invalid", "plan", "",
        "delivered",
    ]  # fmt: skip
    assert rows[4]["delivery_code"] == "131049"
    assert rows[3]["delivery_at"] == timestamp((NOON_S + 3600) * 1000)
    assert (rows[8]["delivery_at"], rows[8]["delivery_code"]) == ("", "")


def test_the_table_has_no_such_columns_where_nothing_is_known(log: Path) -> None:
    with History.open(log.with_name("memory.db")) as history:
        assert DeliveryCells.of_log(log, history.deliveries) is None


told = st.builds(
    said,
    st.integers(1, 12),
    st.sampled_from(STATES),
    st.integers(0, 50),
    code=st.sampled_from([None, 0, 131026, 131049]),
)


@given(st.lists(told, max_size=30))
def test_the_counts_are_those_of_the_rows(rows: list[Json]) -> None:
    with TemporaryDirectory() as folder:
        lines = [accepted(row) for row in range(1, 9)]
        log = write(Path(folder) / "log.jsonl", run(rows=10), *lines, result(9, "failed"), end())
        summary = summary_of(log, *rows)
        with History.open(log.with_name("memory.db")) as history:
            best = {one.row: one.best for one in rows_heard(log, read_run(log), history.deliveries)}
    if not best:
        assert summary.delivery is UNSET
        return
    found = summary.delivery
    assert found is not UNSET
    states = [one.state for one in best.values()]
    assert found.read == states.count("read")
    assert found.delivered == found.read + states.count("delivered")
    assert found.failed == sum(state.endswith(("failed", "invalid")) for state in states)
    assert found.failed == sum(failure.rows for failure in found.failures)
    assert found.unheard == 8 - sum(row <= 8 for row in best)
    assert found.delivered <= found.sent <= len(best)
    assert found.sent >= sum(RANK[state] >= RANK["delivered"] or state == "sent" for state in states)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (131049, "days"),
        (131026, "do not"),
        (132000, "template"),
        (131042, "ask EngageLab"),
        (None, ""),
        (1, ""),
    ],
)
def test_what_follows_from_a_code(code: int | None, says: str) -> None:
    assert says in follows(code)
    assert bool(follows(code)) == bool(says)
