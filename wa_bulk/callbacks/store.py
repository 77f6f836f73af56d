"""Where callbacks are kept: durable once recorded, whichever order they come in, however often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from msgspec import Struct

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.api.errors import ValidationError
from wa_bulk.callbacks import nonces
from wa_bulk.callbacks.entry import entry_of
from wa_bulk.callbacks.opt_out import OptOut
from wa_bulk.callbacks.parse import parse_callback
from wa_bulk.callbacks.set_aside import Cause, Refused, delete_up_to, keep, kept, sums
from wa_bulk.callbacks.words import OptOutWords
from wa_bulk.callbacks.writer import Job, Signed, Writer
from wa_bulk.history.database import Database, now_ms

LOCKED_AFTER_S = 2.0
"""The vendor waits 3 s for an answer, and a 503 in time is worth more than a 200 that nobody reads."""

_ADOPTED_AT_ONCE = 100

T = TypeVar("T")


class Recorded(Struct, frozen=True):
    """What became of some rows: those not stored before, how many were, and the new ones' wishes."""

    new: Sequence[CallbackRow]
    repeated: int
    opt_outs: Sequence[OptOut] = ()


class CallbackStore:
    """The account's memory, as the place where callbacks are put.

    Any number of tasks may record at once, of any event loop; what waits is written as one by a thread of
    the store's own. Several processes may use one file, each with a store of its own: one that was used
    before a process forked raises RuntimeError in the child. Leaving `async with` closes it.
    """

    def __init__(self, writer: Writer, words: OptOutWords) -> None:
        self._writer = writer
        self._words = words

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        words: OptOutWords | None = None,
        keep_s: float | None = None,
        locked_after_s: float = LOCKED_AFTER_S,
    ) -> Self:
        """Open the memory at `path`; make it where there is none.

        `words` are those by which people stop and start; the built-in ones unless given. Rows are kept for
        `keep_s` seconds, for ever unless given. Raises HistoryError in one of its kinds.
        """
        Database.open(path, locked_after_s=locked_after_s).close()
        return cls(Writer(Path(path), locked_after_s, keep_s), words or OptOutWords())

    @property
    def path(self) -> Path:
        """The file."""
        return self._writer.path

    async def record(
        self,
        rows: Sequence[CallbackRow],
        *,
        signed: Signed | None = None,
        received_ms: int | None = None,
        words: OptOutWords | None = None,
    ) -> Recorded:
        """Store the rows; when this returns they are on disk, and the suppressed numbers are up to date.

        Rows that are there already change nothing. With `signed`, its nonce is remembered along with them.
        Rows that another process received come with when that was (milliseconds since 1970; now unless given)
        and with its `words`. Raises HistoryError where they cannot be stored, ReplayedNonce where the nonce
        came with another body.
        """
        for row in rows:
            if not isinstance(row, CallbackRow):
                raise TypeError(f"expected rows, as parse_callback returns them, got {type(row).__name__}")
        received_ms = received_ms or now_ms()
        entries = [entry_of(row, words or self._words, received_ms) for row in rows]
        if not entries and signed is None:
            return Recorded((), 0)
        are_new = await self._writer.put(Job[list[bool]](entries, signed))
        new = [row for row, is_new in zip(rows, are_new, strict=True) if is_new]
        opt_outs = [
            entry.opt_out
            for entry, is_new in zip(entries, are_new, strict=True)
            if is_new and entry.opt_out is not None
        ]
        return Recorded(new, len(rows) - len(new), opt_outs)

    async def set_aside(self, body: bytes, cause: Cause, reason: str) -> None:
        """Keep a request that is refused, within bounds. Raises HistoryError where it cannot be kept."""
        refused = Refused(now_ms(), cause, reason, body)
        await self._do(lambda database: keep(database, refused))

    async def count_set_aside(self, cause: Cause) -> int:
        """Return how many refused requests are kept for a cause. Raises HistoryError."""
        return await self._do(lambda database: sums(database, cause)[0])

    async def adopt(self) -> tuple[int, int]:
        """Take in what was refused for its signature alone.

        Returns how many requests that were and how many rows of them were new; what is no callback either is
        dropped. Raises HistoryError.
        """
        requests = rows = 0
        while page := await self._do(lambda database: kept(database, "signature", _ADOPTED_AT_ONCE)):
            for _, refused in page:
                with contextlib.suppress(ValidationError):
                    rows += len((await self.record(parse_callback(refused.body))).new)
            last_id = page[-1][0]
            await self._do(partial(delete_up_to, cause="signature", last_id=last_id))
            requests += len(page)
        return requests, rows

    async def check(self) -> None:
        """Write something small, to see whether rows could be stored. Raises HistoryError."""
        await self._do(nonces.write_health_check)

    async def _do(self, work: Callable[[Database], T]) -> T:
        return await self._writer.put(Job(work=work))

    async def close(self) -> None:
        """Finish what waits and let the file go. Harmless when it was let go before."""
        await asyncio.get_running_loop().run_in_executor(None, self._writer.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
