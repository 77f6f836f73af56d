"""When things are written: groups of messages to the store, and what changed to the listeners."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from wa_bulk.sandbox.database import StoreError
from wa_bulk.sandbox.events import RELOAD, Events, event
from wa_bulk.sandbox.models import StatusChange, rfc3339
from wa_bulk.sandbox.store import Store

COMMIT_AFTER_S = 0.002
"""How long a message waits for others to be committed with it, where a reply waits for the commit."""

_PUBLISH_AFTER_S = 0.05
_WRITE_AFTER_S = 1.0
_WAITING_MAX = 10_000
_WRITE_AT_ONCE = 1_000
_PUBLISH_MAX = 300
_LOG = logging.getLogger("wa_bulk.sandbox")

Commit = asyncio.Future[StoreError | None]


class Writer:
    """Writes what waits in the store, in groups, and publishes it.

    With a file (the store is `durable`), messages are committed before their requests are answered. A group
    that cannot be written is discarded: its requests are answered with the error, and nothing of it is ever
    shown. `error` says why the last attempt to write failed, None where it did not. `catch_up` brings
    messages in transit up to date.
    """

    def __init__(self, store: Store, events: Events, catch_up: Callable[[int | None], None]) -> None:
        self._errors: dict[str, str] = {}
        self._store = store
        self._events = events
        self._catch_up = catch_up
        self._timer: asyncio.TimerHandle | None = None
        self._commit: Commit | None = None
        self._new_ids: list[int] = []
        self._changes: list[StatusChange] = []

    @property
    def error(self) -> str | None:
        """Why messages, or their statuses, could not be written the last time that was tried."""
        return next(iter(self._errors.values()), None)

    def added(self, number: int) -> None:
        """Note a message that was added to the store."""
        if self._events.listening:
            self._new_ids.append(number)

    def changed(self, change: StatusChange) -> None:
        """Note a message's next status."""
        if self._events.listening:
            self._changes.append(change)

    def schedule(self) -> None:
        """Write and publish soon, where there is a file or a listener."""
        if self._timer is None and (self._store.durable or self._events.listening):
            delay_s = _PUBLISH_AFTER_S if self._events.listening else _WRITE_AFTER_S
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.write)

    def make_room(self) -> None:
        """Write some of what waits, where it is much."""
        store = self._store
        above = store.messages_waiting - _WAITING_MAX
        if above > 0 and not store.durable:
            count = max(above, _WRITE_AT_ONCE)
            self._catch_up(count)
            store.write_messages(count)
        if store.changes_waiting > _WAITING_MAX and self.error is None:
            self._write_changes(_WRITE_AT_ONCE)

    def next_commit(self) -> Commit:
        """Return the commit that will hold every message added so far, together with those of other requests.

        To be called before anything is awaited after adding one, since any write may be that commit. Its
        result is the error where it failed, the messages being discarded then. Not to be cancelled: others
        wait for it too.
        """
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_later(COMMIT_AFTER_S, self.commit)
        return self._commit

    def commit(self) -> StoreError | None:
        """Write the messages that wait; returns the error where they were discarded instead."""
        error: StoreError | None = None
        if count := self._store.messages_waiting:
            try:
                self._store.write_messages(count)
            except StoreError as failure:
                error = failure
                discarded = set(self._store.discard_waiting())
                self._new_ids = [number for number in self._new_ids if number not in discarded]
            self._note("messages", error)
        waiting, self._commit = self._commit, None
        if waiting is not None and not waiting.done():
            waiting.set_result(error)
        return error

    def flush(self) -> None:
        """Bring the store up to date for reading. What cannot be written is not shown."""
        self._catch_up(None)
        if self.commit() is None:
            self._write_changes(self._store.changes_waiting)

    def write(self) -> None:
        """Write what waits, and send what changed to the listeners."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.flush()
        ids, self._new_ids = self._new_ids, []
        changes, self._changes = self._changes, []
        if not self._events.listening:
            return
        if len(ids) + len(changes) > _PUBLISH_MAX:
            self._events.publish(RELOAD)
            return
        records = self._store.queries.records(ids) if ids else []
        self._events.publish(
            *(event("message", record) for record in records),
            *(
                event(
                    "status",
                    {
                        "id": change.id,
                        "status": change.status,
                        "at": rfc3339(change.at_ms),
                        "error": change.error,
                    },
                )
                for change in changes
            ),
        )

    def discard(self) -> None:
        """Forget what is to be published."""
        self._new_ids.clear()
        self._changes.clear()

    def close(self) -> None:
        """Write what waits, for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self.flush()

    def _write_changes(self, count: int) -> None:
        if not count:
            return
        try:
            self._store.write_changes(count)
        except StoreError as error:
            self._note("statuses", error)
            self.schedule()
        else:
            self._note("statuses", None)

    def _note(self, what: str, error: StoreError | None) -> None:
        if error is not None:
            if not self._errors:
                _LOG.error("%s; messages are refused with 503 until it can be", error)
            self._errors[what] = str(error)
        elif self._errors.pop(what, None) and not self._errors:
            _LOG.warning("The database can be written again.")
