"""What a log says of its rows, read before anything is decided about going on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from wa_bulk.ledger.log_format import (
    EndLine,
    LogError,
    LostTail,
    ReopenedLine,
    ResultLine,
    RunLine,
    Totals,
)
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.row_states import RowStates


class Past(Struct, frozen=True):
    """The rows' past, as a log tells it. Whoever wants to go on locks the log before reading it."""

    path: Path
    run: RunLine
    """The first run line."""
    end: EndLine | None
    """The end line that closes the log; None if its last stretch has none, or lost lines."""
    states: RowStates
    """No row is `intended`: whoever had it in hand is gone."""
    reopened: bool
    """Whether rows were reopened in the last stretch that sent any."""
    oldest_format: int
    """The lowest format of any stretch."""
    bytes: int
    """Length of the log, as it was read."""

    def totals(self) -> Totals:
        """Count the rows by status."""
        return self.states.totals()

    def check_format(self) -> None:
        """Raise LogError where this version cannot append to the log: its rows are counted otherwise."""
        if self.oldest_format == 0:
            raise LogError(
                f"{self.path} was written by a wa-bulk from before log format 1 (0.1.0 or earlier), which "
                "may count rows by another rule: resume it with the version that wrote it. "
                "`wa-bulk report` of this version can read it."
            )

    def check_resumable(self) -> None:
        """Raise LogError where this version cannot go on with the log, whatever it says of its rows."""
        self.check_format()
        if self.run.collected_from is not None:
            raise LogError(
                f"{self.path} was collected from a cluster ({self.run.collected_from}), which keeps the "
                f"books of that run: send rows again by `wa-bulk cluster retry {self.run.run_id}`"
            )


def read_past(path: Path | str, on_result: Callable[[ResultLine], object] | None = None) -> Past:
    """Read a log, streaming; each result is also handed to `on_result`.

    Raises LogError, or DamagedLogError: then no run can safely go on from this log.
    """
    path = Path(path)
    states = RowStates()
    settle, follow = states.settle, states.follow
    run: RunLine | None = None
    end: EndLine | None = None
    reopened = False
    oldest_format = 1
    try:
        for line in read(path):
            if isinstance(line, ResultLine):
                settle(line.row, line.status)
                if on_result is not None:
                    on_result(line)
                continue
            follow(line)
            if isinstance(line, RunLine):
                run = run or line
                oldest_format = min(oldest_format, line.format)
                end, reopened = None, reopened and line.only_settles
            elif isinstance(line, EndLine):
                end = line
            elif isinstance(line, ReopenedLine):
                reopened = True
            elif isinstance(line, LostTail):
                end = None
    except ValueError as error:
        raise LogError(f"{path} is damaged: {error}. Restore it from a copy.") from None
    states.cut_off()
    assert run is not None, "read begins with a run line"
    return Past(path, run, end, states, reopened, oldest_format, path.stat().st_size)
