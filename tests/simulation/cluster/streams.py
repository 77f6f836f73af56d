"""Redis' streams, as far as a run's chunks and results need them."""

from __future__ import annotations

from typing import NamedTuple

from tests.simulation.cluster.errors import ServerError

Id = tuple[int, int]
Fields = list[bytes]
HIGHEST: Id = (2**64 - 1, 2**64 - 1)


class Pending:
    """An entry that a consumer has and did not acknowledge. `since` in ms of the server's clock."""

    __slots__ = ("consumer", "since")

    def __init__(self, consumer: bytes, since: int) -> None:
        self.consumer = consumer
        self.since = since


class Group:
    """A consumer group."""

    def __init__(self, last: Id) -> None:
        self.last = last
        self.pending: dict[Id, Pending] = {}


class Entry(NamedTuple):
    """An entry of a stream."""

    id: Id
    fields: Fields

    def reply(self) -> list[object]:
        """Write it as replies do."""
        return [written(self.id), [*self.fields]]


class Stream:
    """A stream with its groups."""

    def __init__(self) -> None:
        self.entries: dict[Id, Fields] = {}
        self.last: Id = (0, 0)
        self.groups: dict[bytes, Group] = {}

    def add(self, text: bytes, fields: Fields, now_ms: int) -> Id:
        """Append an entry, with an id of the server's own for `*`."""
        if text == b"*":
            new = (now_ms, 0) if now_ms > self.last[0] else (self.last[0], self.last[1] + 1)
        else:
            new = parsed(text)
            if new <= self.last:
                raise ServerError(
                    "ERR The ID specified in XADD is equal or smaller than the target stream top item"
                )
        self.entries[new] = fields
        self.last = new
        return new

    def between(self, low: bytes, high: bytes) -> list[Entry]:
        """List the entries of a range, whose ends may be `-`, `+` or exclusive."""
        after = low.startswith(b"(")
        first = (0, 0) if low == b"-" else parsed(low.lstrip(b"("))
        last = HIGHEST if high == b"+" else parsed(high)
        return [
            Entry(found, fields)
            for found, fields in self.entries.items()
            if first <= found <= last and not (after and found == first)
        ]

    def drop_before(self, first: Id) -> int:
        """Delete the entries before `first`; return how many."""
        old = [found for found in self.entries if found < first]
        for found in old:
            del self.entries[found]
        return len(old)

    def group(self, name: bytes) -> Group:
        """Give a group. Raises ServerError where there is none."""
        if name not in self.groups:
            raise ServerError("NOGROUP No such key or consumer group")
        return self.groups[name]

    def read(self, group: Group, consumer: bytes, count: int, now_ms: int) -> list[Entry]:
        """Give a consumer entries that no one had yet."""
        new = [Entry(found, fields) for found, fields in self.entries.items() if found > group.last][:count]
        for entry in new:
            group.last = entry.id
            group.pending[entry.id] = Pending(consumer, now_ms)
        return new

    def claim_idle(
        self, group: Group, consumer: bytes, idle_ms: int, start: Id, count: int, now_ms: int
    ) -> tuple[Id, list[Entry], list[Id]]:
        """Give a consumer what others have had for too long; also where to go on, and what is deleted."""
        claimed: list[Entry] = []
        deleted: list[Id] = []
        attempts = count * 10
        waiting = sorted(found for found in group.pending if found >= start)
        for at, found in enumerate(waiting):
            if not attempts or len(claimed) == count:
                return waiting[at], claimed, deleted
            attempts -= 1
            if found not in self.entries:
                del group.pending[found]
                deleted.append(found)
            elif now_ms - group.pending[found].since >= idle_ms:
                group.pending[found] = Pending(consumer, now_ms)
                claimed.append(Entry(found, self.entries[found]))
        return (0, 0), claimed, deleted


def parsed(text: bytes) -> Id:
    """Read an id."""
    milliseconds, _, number = text.partition(b"-")
    try:
        return int(milliseconds), int(number or 0)
    except ValueError:
        raise ServerError("ERR Invalid stream ID specified as stream command argument") from None


def written(found: Id) -> bytes:
    """Write an id."""
    return b"%d-%d" % found
