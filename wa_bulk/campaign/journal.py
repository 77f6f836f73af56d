"""The one writer of a log: intents before their rows leave, results in batches behind."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.campaign.lock import LockedLog
from wa_bulk.campaign.log import EndLine, LogError, RunLine

if TYPE_CHECKING:
    from wa_bulk.send.outcome import Outcome


class Journal:
    error: LogError | None

    @classmethod
    async def create(
        cls, path: Path | str, run: RunLine, *, on_error: Callable[[LogError], None] | None = None
    ) -> "Journal":
        """A new log that begins with `run`, on disk when this returns."""
        raise NotImplementedError

    @classmethod
    async def resume(
        cls, log: LockedLog, run: RunLine, *, on_error: Callable[[LogError], None] | None = None
    ) -> "Journal":
        """Goes on with a claimed log: ends a torn last line, appends `run`."""
        raise NotImplementedError

    async def intend(self, first: int, last: int) -> None:
        """Returns when the intent to send rows first..last, and every result recorded before, is on disk (synced)."""
        raise NotImplementedError

    async def intend_rows(self, rows: Sequence[int]) -> None:
        """The same for ascending rows with gaps between them, in one commit."""
        raise NotImplementedError

    def record(self, row: int, to: str | None, outcome: "Outcome", reason: str | None = None) -> None:
        """The final word on a row. Written within 100 ms, synced within 1 s."""
        raise NotImplementedError

    def withdraw(self, first: int, last: int, reason: str) -> None:
        """Rows first..last have not left since their intent and will not."""
        raise NotImplementedError

    async def close(self, end: EndLine | None = None) -> None:
        """Writes and syncs what is left, then `end`, and lets the log go. Raises LogError if anything was not written."""
        raise NotImplementedError
