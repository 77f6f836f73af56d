from __future__ import annotations

from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import RUN_ID, STATUSES, encoded, result_line, run_line
from wa_bulk.ledger import row_states as ledger_module
from wa_bulk.ledger.log_format import (
    DamagedLogError,
    EndLine,
    IntentLine,
    LogError,
    LogLine,
    ResultLine,
    RunLine,
    Totals,
    WithdrawnLine,
    timestamp,
)
from wa_bulk.ledger.row_states import Ledger, State

ROWS = 40


def intent(first: int, last: int) -> LogLine:
    return IntentLine(RUN_ID, (first, last))


def withdrawn(first: int, last: int) -> LogLine:
    return WithdrawnLine(RUN_ID, (first, last), "stopped")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "log.jsonl"


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], "never"),
        ([intent(1, 9)], "intended"),
        ([intent(1, 9), result_line(5)], "accepted"),
        ([result_line(5, "rejected"), intent(1, 9)], "rejected"),
        ([result_line(5, "skipped"), intent(1, 9)], "skipped"),
        ([intent(1, 9), withdrawn(5, 5)], "never"),
        ([intent(1, 9), result_line(5, "failed"), withdrawn(1, 9)], "failed"),
        ([intent(1, 9), run_line()], "intended"),
        ([intent(1, 9), run_line(), intent(5, 5), withdrawn(5, 5)], "intended"),
        ([intent(1, 9), run_line(), intent(5, 5), run_line(), withdrawn(5, 5)], "intended"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5), withdrawn(5, 5)], "unknown"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5)], "intended"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5), result_line(5)], "accepted"),
        ([result_line(5, "failed"), run_line(), intent(5, 5), withdrawn(5, 5)], "failed"),
        ([result_line(5, "failed"), run_line(), intent(5, 5)], "intended"),
        ([result_line(5, "failed"), result_line(5, "accepted")], "accepted"),
    ],
)
def test_what_a_history_says_of_a_row(path: Path, history: list[LogLine], state: State) -> None:
    path.write_bytes(encoded(run_line(), *history))
    assert Ledger.from_log(path).state(5) == state


stretches = st.tuples(st.integers(1, ROWS), st.integers(1, ROWS)).map(sorted)
histories = st.lists(
    st.one_of(
        stretches.map(lambda rows: intent(*rows)),
        stretches.map(lambda rows: withdrawn(*rows)),
        st.builds(result_line, st.integers(1, ROWS), st.sampled_from(STATUSES)),
        st.builds(run_line),
    ),
    max_size=30,
)


def told_slowly(history: list[LogLine]) -> list[State]:
    """The same by a model with two facts a row: what was known, and whether its intent is open."""
    known: list[State] = ["never"] * ROWS
    is_open = [False] * ROWS
    for line in [*history, run_line()]:
        for row in range(ROWS):
            if isinstance(line, IntentLine | WithdrawnLine) and line.rows[0] <= row + 1 <= line.rows[1]:
                may_be_sent = known[row] not in ("accepted", "rejected", "skipped")
                is_open[row] = isinstance(line, IntentLine) and may_be_sent
            elif isinstance(line, ResultLine) and line.row == row + 1:
                known[row], is_open[row] = line.status, False
            elif isinstance(line, RunLine) and is_open[row]:
                known[row], is_open[row] = "intended", False
    return known


@given(history=histories, chunk_rows=st.integers(1, ROWS + 1), rows=st.none() | st.just(ROWS))
def test_any_history_is_told_right(
    shared: Path, history: list[LogLine], chunk_rows: int, rows: int | None
) -> None:
    shared.write_bytes(encoded(run_line(rows=rows), *history))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "CHUNK_ROWS", chunk_rows)
        ledger = Ledger.from_log(shared)
        states = told_slowly(history)
        assert [ledger.state(row) for row in range(1, ROWS + 1)] == states
        totals = ledger.totals()
        assert totals == Totals(
            accepted=states.count("accepted"),
            rejected=states.count("rejected"),
            failed=states.count("failed"),
            unknown=states.count("unknown") + states.count("intended"),
            skipped=states.count("skipped"),
        )
        for retry_unknown in (False, True):
            for retry_failed in (False, True):
                wanted = {"never"}
                wanted |= {"unknown", "intended"} if retry_unknown else set()
                wanted |= {"failed"} if retry_failed else set()
                stretches = list(ledger.to_send(ROWS, retry_unknown=retry_unknown, retry_failed=retry_failed))
                assert list(chain.from_iterable(stretches)) == [
                    row for row, state in enumerate(states, 1) if state in wanted
                ]
                assert all(later.start > earlier.stop for earlier, later in pairwise(stretches))


def test_a_run_that_is_going_on_keeps_its_own_books() -> None:
    ledger = Ledger(10)
    ledger.intend(1, 6)
    ledger.settle(1, "accepted")
    ledger.settle(2, "failed")
    ledger.withdraw(4, 6)
    assert [ledger.state(row) for row in (1, 2, 3, 4)] == ["accepted", "failed", "intended", "never"]
    assert ledger.totals() == Totals(accepted=1, failed=1, unknown=1)
    assert list(ledger.rows_in("intended")) == [range(3, 4)]
    assert ledger.state(11) == "never"


def test_the_first_run_line_and_the_closing_end_line_are_kept(path: Path) -> None:
    end = EndLine(RUN_ID, timestamp(), None, Totals(accepted=1))
    first = run_line(pid=1)
    path.write_bytes(encoded(first, result_line(1), end))
    ledger = Ledger.from_log(path)
    assert (ledger.run, ledger.end) == (first, end)
    path.write_bytes(encoded(first, result_line(1), end, run_line(pid=2)))
    ledger = Ledger.from_log(path)
    assert (ledger.run, ledger.end) == (first, None)


def test_a_damaged_log_is_not_built_on(path: Path) -> None:
    path.write_bytes(encoded(run_line()) + b"###\n" + encoded(result_line(1)))
    with pytest.raises(DamagedLogError, match="line 2: is damaged"):
        Ledger.from_log(path)


def test_a_row_that_the_source_does_not_have_is_damage(path: Path) -> None:
    path.write_bytes(encoded(run_line(rows=5), result_line(5), intent(4, 90_000_000)))
    with pytest.raises(LogError, match=r"is damaged: it tells of row 90000000, but .* has 5"):
        Ledger.from_log(path)
