"""Rows that callbacks speak of become accepted, whatever the log says of them, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.callbacks.memory import hear
from tests.callbacks.rows import ADA, BOB, Json, status
from tests.ledger.lines import encoded, intent, reopened, run_line
from wa_bulk.callbacks.settle import Settled, settle
from wa_bulk.history import STATES, History
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import (
    EndLine,
    LogError,
    ResultLine,
    RunLine,
    Stopped,
    Totals,
    WrittenLine,
    timestamp,
)
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import Past, read_past
from wa_bulk.ledger.row_states import STATUSES
from wa_bulk.send.outcome import Status

RUN = "5f0c"
ROWS = 8


class Ground:
    """A log of eight rows, and a memory of what callbacks said."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "run.jsonl"
        self.memory = folder / "memory.db"

    def write(self, *lines: WrittenLine, run: RunLine | None = None) -> None:
        self.log.write_bytes(encoded(run or run_line(rows=ROWS), *lines))

    def hear(self, *rows: Json) -> None:
        hear(self.memory, *rows)

    def settle(self) -> Settled:
        claimed = LockedLog.claim(self.log)
        try:
            with History.open(self.memory) as history:
                return settle(claimed, read_past(self.log), history.deliveries)
        finally:
            claimed.close()

    def results(self) -> dict[int, ResultLine]:
        return {line.row: line for line in read(self.log) if isinstance(line, ResultLine)}

    def past(self) -> Past:
        return read_past(self.log)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def result(
    row: int, state: Status, *, to: str | None = ADA, attempts: int = 1, message_id: str | None = None
) -> ResultLine:
    return ResultLine(
        RUN, row, to, state, timestamp(), attempts, message_id=message_id, request_id=f"o-{row}"
    )


def heard(row: int, message_id: str | None = None, *, state: str = "sent", to: str | None = BOB) -> Json:
    return status(state, message_id=message_id or f"m{row}", to=to, tag=f"{RUN}:{row}")


def ended(stopped: Stopped | None = None, detail: str | None = None) -> EndLine:
    return EndLine(RUN, timestamp(), stopped, Totals(), detail)


def test_every_row_that_is_not_accepted_is_settled_by_a_callback(ground: Ground) -> None:
    states: list[Status] = ["accepted", "rejected", "failed", "unknown", "skipped"]
    ground.write(intent(1, 7), *(result(row, state) for row, state in enumerate(states, 1)), ended())
    ground.hear(*(heard(row) for row in (1, 2, 3, 4, 5, 6, 8)))

    found = ground.settle()

    assert found.rows == {
        "rejected": 1, "failed": 1, "unknown": 1, "skipped": 1, "cut off": 1, "never": 1,
    }  # fmt: skip
    assert found.totals == Totals(accepted=7, unknown=1), "row 7 was cut off, and nothing speaks of it"
    for row in (2, 3, 4, 5, 6, 8):
        line = ground.results()[row]
        assert (line.status, line.message_id, line.settled_by) == ("accepted", f"m{row}", "callback")
        assert line.attempts == 1
    assert ground.results()[1].settled_by is None


def test_the_number_is_the_log_s_or_else_the_callback_s(ground: Ground) -> None:
    ground.write(
        intent(1, 6),
        result(1, "unknown"),
        result(2, "unknown", attempts=4),
        result(3, "rejected", to="call me", attempts=0),
    )
    ground.hear(heard(1), heard(2, to=None), heard(3), heard(4), heard(5, to=None), heard(6, to="US.13491"))
    ground.settle()

    found = ground.results()
    assert [found[row].to for row in range(1, 7)] == [ADA, ADA, BOB, BOB, None, None]
    assert [found[row].attempts for row in range(1, 7)] == [1, 4, 1, 1, 1, 1]
    assert found[2].request_id == "o-2"


def test_settling_again_writes_nothing(ground: Ground) -> None:
    ground.write(result(1, "unknown"), ended())
    ground.hear(heard(1))
    assert ground.settle().rows == {"unknown": 1}
    before = ground.log.read_bytes()
    again = ground.settle()
    assert again.rows == {}
    assert ground.log.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "stopped", "detail"),
    [
        (ended(), None, None),
        (ended("fatal", "the key was refused"), "fatal", "the key was refused"),
        (None, "interrupted", "the run was cut off"),
    ],
)
def test_the_run_ends_as_it_ended_before(
    ground: Ground, before: EndLine | None, stopped: Stopped | None, detail: str | None
) -> None:
    ground.write(intent(1, 3), result(1, "unknown"), *([before] if before else []))
    ground.hear(heard(1))
    ground.settle()

    past = ground.past()
    assert past.end is not None
    assert (past.end.stopped, past.end.detail) == (stopped, detail)
    assert past.end.totals == past.totals() == Totals(accepted=1, unknown=2)
    run = [line for line in read(ground.log) if isinstance(line, RunLine)][-1]
    assert run.only_settles
    assert (run.run_id, run.source, run.settings) == (RUN, past.run.source, past.run.settings)


def test_a_torn_last_line_stays_harmless(ground: Ground) -> None:
    ground.write(intent(1, 2), result(1, "unknown"))
    with ground.log.open("ab") as log:
        log.write(b'{"type":"result","run_id":"5f0')
    ground.hear(heard(1))
    ground.settle()
    assert ground.past().totals() == Totals(accepted=1, unknown=1)


def test_what_a_settling_stretch_loses_costs_no_row_that_was_never_sent(ground: Ground) -> None:
    ground.write(result(1, "unknown"), ended())
    ground.hear(heard(1))
    ground.settle()
    kept = b"".join(ground.log.read_bytes().splitlines(keepends=True)[:-2])
    ground.log.write_bytes(kept + b"\0" * 200 + b"\n")
    assert ground.past().totals() == Totals(unknown=1), "as before; the rest is still never sent"


def test_a_stop_for_the_whole_campaign_is_remembered_over_a_settling(ground: Ground) -> None:
    ground.write(result(1, "unknown"), result(2, "rejected"), reopened(2, 2), ended("fatal", "all refused"))
    ground.hear(heard(1))
    ground.settle()
    assert ground.past().reopened


def test_tags_of_rows_that_the_run_does_not_have_and_of_other_runs_are_passed_over(ground: Ground) -> None:
    ground.write(result(1, "unknown"), ended())
    ground.hear(heard(ROWS + 1), status(tag="another:1"), status(message_id="m9", tag=None, to=ADA))
    assert ground.settle().rows == {}
    assert ground.past().totals() == Totals(unknown=1)


def test_a_log_from_before_log_format_1_is_not_settled(ground: Ground) -> None:
    ground.write(result(1, "unknown"), run=run_line(rows=ROWS, log_format=0))
    ground.hear(heard(1))
    before = ground.log.read_bytes()
    with pytest.raises(LogError, match="before log format 1"):
        ground.settle()
    assert ground.log.read_bytes() == before


def test_a_log_that_was_collected_from_a_cluster_is_settled_too(ground: Ground) -> None:
    ground.write(result(1, "unknown"), ended(), run=replace(run_line(rows=ROWS), collected_from="redis://r"))
    ground.hear(heard(1))
    assert ground.settle().rows == {"unknown": 1}
    assert ground.past().run.collected_from == "redis://r"


_rows = st.integers(1, ROWS)
_lines: st.SearchStrategy[WrittenLine] = st.one_of(
    st.builds(
        result,
        _rows,
        st.sampled_from(STATUSES),
        message_id=st.none() | st.sampled_from(["m1", "m2"]),
        attempts=st.integers(0, 2),
    ),
    st.tuples(_rows, _rows).map(lambda pair: intent(min(pair), max(pair))),
    st.sampled_from([run_line(rows=ROWS), ended(), ended("interrupted")]),
)
_told = st.builds(
    status,
    st.sampled_from(STATES),
    message_id=st.sampled_from(["m1", "m2", "m3"]),
    to=st.sampled_from([None, ADA, BOB]),
    tag=st.integers(1, ROWS + 2).map(lambda row: f"{RUN}:{row}") | st.sampled_from([None, "another:1"]),
)


@given(st.lists(_lines, max_size=15), st.lists(_told, max_size=12))
def test_the_join_is_that_of_the_tags(lines: list[WrittenLine], told: list[Json]) -> None:
    with TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        ground.write(*lines)
        before = ground.past()
        ground.hear(*told)
        # A message belongs to the run and row of the first tag that came with it.
        with History.open(ground.memory) as history:
            spoken = {delivery.row for delivery in history.deliveries.of_run(RUN)}
        expected = ["accepted" if row in spoken else before.states.state(row) for row in range(1, ROWS + 1)]
        ground.settle()
        after = ground.past()
        assert [after.states.state(row) for row in range(1, ROWS + 1)] == expected
        assert ground.settle().rows == {}
