"""The last word on every row, to be asked for in the order of the rows.

A log has them in the order in which rows were settled, and some more than once. So what is wanted of each
result is put aside in a temporary file, and only where it stands is kept in memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from wa_bulk.ledger.lock import is_being_written
from wa_bulk.ledger.log_format import LogError, ResultLine, RunLine
from wa_bulk.ledger.log_reader import Damage, read
from wa_bulk.report.tally import NO_RESULT, Tally

_NOTHING = 2**64 - 1
_LENGTH_BYTES = 4
_BUFFER_BYTES = 1 << 18


class LastWords:
    """A log, read once. Memory: nine bytes a row. Use it in a `with`.

    `run` is the log's first line. `rows` is the number of rows of the source or, where the log does not say
    it, the last row that it tells of.
    """

    def __init__(self, path: Path, words: Callable[[ResultLine], bytes]) -> None:
        """Keep what `words` makes of each result.

        Lines of the log that cannot be read are passed over; the summary tells of them. Raises LogError.
        """
        self._file = TemporaryFile(buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed by __exit__
        self._offsets = array("Q")
        self._tally = Tally()
        try:
            self.run = self._read(path, words)
            if not is_being_written(path):
                self._tally.states.cut_off()
            self._file.flush()
        except BaseException:
            self._file.close()
            raise
        told = len(self._tally.states.bytes.rstrip(b"\0"))
        self.rows = told if self.run.source.rows is None else self.run.source.rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()

    def status(self, row: int) -> str:
        """Return the status of a row: one of the log's, `unsent`, or `in flight` while a process has it."""
        state = self._tally.states.state(row)
        if state == "never":
            return "unsent"
        if state == "intended":
            return "in flight"
        return "unknown" if state == "cut off" else state

    def words(self, row: int) -> bytes | None:
        """Return what was kept of the result that is the last word on a row; None where there is none."""
        if self.status(row) in ("unsent", "in flight") or not self._tally.has_result(row):
            return None
        self._file.seek(self._offsets[row - 1])
        length = int.from_bytes(self._file.read(_LENGTH_BYTES), "big")
        kept: bytes = self._file.read(length)
        return kept

    def reason_without_result(self, row: int) -> str:
        """Say why a row has the status it has although there is no result."""
        return NO_RESULT if self.status(row) == "unknown" else ""

    def _read(self, path: Path, words: Callable[[ResultLine], bytes]) -> RunLine:
        run: RunLine | None = None
        offset = 0
        offsets, write, follow = self._offsets, self._file.write, self._tally.follow
        for line in read(path, _pass_over):
            try:
                follow(line)
            except ValueError as error:
                raise LogError(f"{path} is damaged: {error}") from None
            if isinstance(line, ResultLine):
                if (missing := line.row - len(offsets)) > 0:
                    offsets.extend([_NOTHING] * missing)
                offsets[line.row - 1] = offset
                kept = words(line)
                offset += write(len(kept).to_bytes(_LENGTH_BYTES, "big") + kept)
            elif run is None and isinstance(line, RunLine):
                run = line
        assert run is not None, "read begins with a run line"
        return run


def _pass_over(damage: Damage) -> None:
    pass
