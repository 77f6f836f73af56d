"""Where a receiver puts what it takes in: the account's memory, or what several receivers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wa_bulk.api.callbacks import CallbackRow
from wa_bulk.callbacks.set_aside import Cause
from wa_bulk.callbacks.store import Recorded
from wa_bulk.callbacks.writer import Signed


class NotStored(Exception):
    """Callbacks cannot be stored where they were to be; the text says why."""


class CallbackSink(Protocol):
    """What a `CallbackStore` is to a receiver. Methods raise HistoryError or NotStored."""

    async def record(self, rows: Sequence[CallbackRow], *, signed: Signed | None = None) -> Recorded:
        """Store the rows, durably once this returns. Raises ReplayedNonce as well."""
        ...

    async def set_aside(self, body: bytes, cause: Cause, reason: str) -> None:
        """Keep a request that is refused, within bounds."""
        ...

    async def check(self) -> None:
        """See whether rows could be stored."""
        ...
