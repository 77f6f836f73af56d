from __future__ import annotations

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.lines import intent, reopened, result_line, run_line, withdrawn
from wa_bulk.ledger import row_states
from wa_bulk.ledger.log_format import (
    IntentLine,
    LogLine,
    LostTail,
    ReopenedLine,
    ResultLine,
    RunLine,
    Setting,
    Totals,
    WithdrawnLine,
)
from wa_bulk.ledger.row_states import CODES, CODES_MAX, CUT_OFF, STATUSES, RowState, RowStates

ROWS = 40
ALL_STATES: tuple[RowState, ...] = ("never", "intended", "cut off", *STATUSES)
LOST = LostTail()


def told(*history: LogLine, rows: int | None = None, **settings: Setting) -> RowStates:
    states = RowStates()
    for line in (run_line(rows=rows, settings=settings), *history):
        states.follow(line)
    return states


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], "never"),
        ([intent(1, 9)], "intended"),
        ([intent(1, 9), result_line(5)], "accepted"),
        ([result_line(5, "accepted"), intent(1, 9)], "accepted"),
        ([result_line(5, "skipped"), intent(1, 9)], "skipped"),
        ([result_line(5, "rejected"), intent(1, 9)], "intended"),
        ([result_line(5, "rejected"), intent(1, 9), withdrawn(1, 9)], "rejected"),
        ([intent(1, 9), withdrawn(5, 5)], "never"),
        ([intent(1, 9), result_line(5, "failed"), withdrawn(1, 9)], "failed"),
        ([intent(1, 9), run_line()], "cut off"),
        ([intent(1, 9), run_line(), intent(5, 5), withdrawn(5, 5)], "cut off"),
        ([intent(1, 9), run_line(), intent(5, 5), run_line(), withdrawn(5, 5)], "cut off"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5), withdrawn(5, 5)], "unknown"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5), run_line()], "cut off"),
        ([result_line(5, "unknown"), run_line(), intent(5, 5), result_line(5)], "accepted"),
        ([result_line(5, "failed"), run_line(), intent(5, 5), withdrawn(5, 5)], "failed"),
        ([result_line(5, "failed"), run_line(), intent(5, 5), run_line()], "cut off"),
        ([result_line(5, "failed"), result_line(5, "accepted")], "accepted"),
        ([result_line(5, "rejected"), reopened(1, 9)], "never"),
        ([result_line(5, "rejected"), reopened(1, 4)], "rejected"),
        ([result_line(5, "rejected"), reopened(5, 5), result_line(5, "rejected")], "rejected"),
        ([result_line(5, "failed"), reopened(1, 9)], "failed"),
        ([result_line(5, "rejected"), intent(5, 5), reopened(5, 5)], "intended"),
        ([result_line(5, "rejected"), intent(5, 5), reopened(5, 5), withdrawn(5, 5)], "never"),
    ],
)
def test_what_a_history_says_of_a_row(history: list[LogLine], state: RowState) -> None:
    assert told(*history).state(5) == state


class Slowly:
    """The same by two facts a row: what was said of it, and whether it is intended since."""

    def __init__(self, **settings: Setting) -> None:
        self.known: dict[int, RowState] = {}
        self.intended: set[int] = set()
        self.settings = settings
        self.last = 0
        self.groups: list[tuple[int | None, int]] = []

    def follow(self, line: LogLine) -> None:
        match line:
            case ResultLine(row=row, status=status):
                self.known[row] = status
                self.intended.discard(row)
            case IntentLine(rows=(first, last), synced=synced):
                rows = range(first, last + 1)
                self.intended |= {r for r in rows if self.known.get(r) not in ("accepted", "skipped")}
                self.last = max(self.last, last)
                self.groups.append((synced, len(rows)))
            case WithdrawnLine(rows=(first, last)):
                self.intended -= set(range(first, last + 1))
            case ReopenedLine(rows=(first, last)):
                for row in range(first, last + 1):
                    if self.known.get(row) == "rejected":
                        del self.known[row]
            case LostTail():
                self._lose()
            case RunLine():
                for row in self.intended:
                    self.known[row] = "cut off"
                self.intended, self.last, self.groups = set(), 0, []

    def _lose(self) -> None:
        largest, together, before = 0, 0, None
        for synced, rows in self.groups:
            together = together + rows if synced is not None and synced == before else rows
            largest, before = max(largest, together), synced
        left = max(largest, int(str(self.settings["concurrency"])), 4)
        may_be_sent: list[RowState | None] = [None]
        may_be_sent += ["failed"] if self.settings["retry_failed"] else []
        may_be_sent += ["rejected"] if self.settings["retry_rejected"] else []
        for row in range(self.last + 1, ROWS + 1):
            if left and self.known.get(row) in may_be_sent:
                self.known[row] = "cut off"
                left -= 1

    def states(self) -> list[RowState]:
        return [
            "intended" if row in self.intended else self.known.get(row, "never") for row in range(1, ROWS + 1)
        ]


stretches = st.tuples(st.integers(1, ROWS), st.integers(1, ROWS)).map(lambda pair: (min(pair), max(pair)))
histories: st.SearchStrategy[list[LogLine]] = st.lists(
    st.one_of(
        st.builds(
            lambda rows, synced: intent(rows[0], rows[1], synced), stretches, st.none() | st.integers(0, 3)
        ),
        stretches.map(lambda rows: withdrawn(*rows)),
        stretches.map(lambda rows: reopened(*rows)),
        st.builds(result_line, st.integers(1, ROWS), st.sampled_from(STATUSES)),
    ),
    max_size=20,
)
stretch_ends = st.sampled_from([(), (LOST,)])


@given(
    parts=st.lists(st.tuples(histories, stretch_ends), min_size=1, max_size=3),
    chunk_rows=st.integers(1, ROWS + 1),
    concurrency=st.integers(1, 20),
    retry_failed=st.booleans(),
    retry_rejected=st.booleans(),
    wanted=st.lists(st.sampled_from(ALL_STATES), unique=True, max_size=5),
)
def test_any_history_is_told_right(
    parts: list[tuple[list[LogLine], tuple[LogLine, ...]]],
    chunk_rows: int,
    concurrency: int,
    retry_failed: bool,
    retry_rejected: bool,
    wanted: list[RowState],
) -> None:
    settings: dict[str, Setting] = {
        "concurrency": concurrency,
        "retry_failed": retry_failed,
        "retry_rejected": retry_rejected,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_states, "CHUNK_ROWS", chunk_rows)
        fast, slow = RowStates(), Slowly(**settings)
        for history, end in parts:
            for line in (run_line(rows=ROWS, settings=settings), *history, *end):
                fast.follow(line)
                slow.follow(line)
        states = slow.states()
        assert [fast.state(row) for row in range(1, ROWS + 1)] == states
        assert fast.totals() == Totals(
            accepted=states.count("accepted"),
            rejected=states.count("rejected"),
            failed=states.count("failed"),
            unknown=states.count("unknown") + states.count("cut off") + states.count("intended"),
            skipped=states.count("skipped"),
        )
        assert fast.intended() == states.count("intended")
        assert fast.count(CUT_OFF) == states.count("cut off")
        if "never" not in wanted:
            found = [*fast.rows_in(*wanted)]
            assert [*chain.from_iterable(found)] == [
                r for r, state in enumerate(states, 1) if state in wanted
            ]
            assert all(later.start > earlier.stop for earlier, later in pairwise(found))
        alike = fast.alike(1, ROWS, wanted)
        assert [(row, state) for rows, state in alike for row in rows] == [
            (row, state) for row, state in enumerate(states, 1) if state in wanted
        ]
        assert all(
            later.start > earlier.stop or other != state
            for (earlier, state), (later, other) in pairwise(alike)
        )
        assert [fast.state(row) for row in range(1, ROWS + 1)] == states, "questions change nothing"


class TestLostTail:
    def test_the_rows_that_would_come_next_may_have_been_sent(self) -> None:
        states = told(intent(1, 3), result_line(6), LOST, rate=0, concurrency=4)
        assert [*states.rows_in("cut off")] == [range(4, 6), range(7, 9)]

    @pytest.mark.parametrize(
        ("settings", "rows"),
        [
            ({"rate": 80.0, "concurrency": 1}, 4),
            ({"rate": 81.0, "concurrency": 1}, 5),
            ({"rate": 80.0, "concurrency": 64}, 64),
            ({"rate": 0, "concurrency": 0}, 3),
            ({"rate": "fast", "concurrency": None}, 3),
            ({"rate": 1e308, "concurrency": 10**30}, 97),
            ({"rate": 10**400}, 97),
        ],
    )
    def test_there_are_as_many_as_could_be_ahead(self, settings: dict[str, Setting], rows: int) -> None:
        states = told(intent(1, 3), LOST, rows=100, **settings)
        assert [*states.rows_in("cut off")] == [range(4, 4 + rows)]

    def test_with_gaps_a_group_counts_as_one_intent(self) -> None:
        together = [intent(1, 2, synced=50), intent(5, 6, synced=50), intent(8, 8, synced=50)]
        for history, rows in ((together, 5), ([intent(1, 2, 50), intent(5, 6, 90), intent(8, 8, 99)], 2)):
            states = told(*history, LOST, rate=0, concurrency=1)
            assert [*states.rows_in("cut off")] == [range(9, 9 + rows)]

    def test_without_an_intent_it_begins_with_the_first_row(self) -> None:
        states = told(result_line(1, "rejected"), LOST, rate=0, concurrency=2)
        assert [*states.rows_in("cut off")] == [range(2, 4)]

    def test_a_new_stretch_begins_again(self) -> None:
        states = told(intent(1, 30), withdrawn(1, 30), run_line(settings={"rate": 0, "concurrency": 2}), LOST)
        assert [*states.rows_in("cut off")] == [range(1, 3)]

    def test_rows_behind_the_end_do_not_exist(self) -> None:
        states = told(intent(1, 3), LOST, rows=5, concurrency=64)
        assert [*states.rows_in("cut off")] == [range(4, 6)]
        assert states.state(6) == "never"


class TestBounds:
    def test_a_row_that_the_source_does_not_have(self) -> None:
        states = told(rows=5)
        for line in (intent(4, 90_000_000), result_line(6), withdrawn(1, 6), reopened(6, 6)):
            with pytest.raises(ValueError, match=r"row (90000000|6), but the recipients' file has 5"):
                states.follow(line)

    def test_a_source_of_any_size_costs_nothing_before_its_rows_come(self) -> None:
        states = RowStates(1_000_000_000)
        states.settle(10, "accepted")
        states.withdraw(1, 1_000_000_000)
        assert states.reopen(1, 1_000_000_000) == 0
        assert states.state(1_000_000_000) == "never"
        assert len(states._states) <= row_states.CHUNK_ROWS

    def test_more_rows_than_there_is_memory_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_memory(count: int) -> bytes:
            raise MemoryError

        states = RowStates()
        monkeypatch.setattr(row_states, "bytes", no_memory, raising=False)
        with pytest.raises(ValueError, match="no memory for that many rows"):
            states.settle(1_000_000_000, "accepted")


class TestCodes:
    def test_a_code_of_ones_own_behaves_like_its_status(self) -> None:
        for status in STATUSES:
            plain, own = told(), told()
            code = own.add_code(status)
            assert code not in CODES.values()
            plain.settle(5, status)
            own.set_code(5, code)
            assert own.code(5) == code
            for line in (intent(5, 5), withdrawn(5, 5), reopened(5, 5), intent(1, 9), run_line()):
                plain.follow(line)
                own.follow(line)
                assert own.state(5) == plain.state(5)
                assert own.totals() == plain.totals()

    def test_they_come_to_an_end(self) -> None:
        states = RowStates()
        codes = [states.add_code("rejected") for _ in range(CODES_MAX - 7)]
        assert len({*codes}) == len(codes)
        states.set_code(1, codes[-1])
        states.intend(1, 1)
        assert states.state(1) == "intended"
        states.withdraw(1, 1)
        assert states.code(1) == codes[-1]
        with pytest.raises(ValueError, match="no code left"):
            states.add_code("rejected")
