"""What a Redis holds, and the commands that the package uses. A reply is None, int, bytes, or a list of them.

There is a public library that plays Redis (fakeredis), but it knows no flags of scripts, no INFO, no clock
but the machine's, and no restart. `test_keyspace.py` holds this against a real server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.simulation.cluster.errors import ServerError
from tests.simulation.cluster.streams import Group, Pending, Stream, parsed, written

Reply = object
Arguments = list[bytes]
_T = TypeVar("_T")
_D = TypeVar("_D")
OK = "OK"
"""A status reply is a str; data are bytes."""


class Keyspace:
    """Keys with their values and when they expire. `clock` tells the server's microseconds since 1970."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.values: dict[bytes, object] = {}
        self.expires: dict[bytes, int] = {}
        """In ms."""

    def run(self, name: str, arguments: Arguments) -> Reply:
        """Run a command. Raises ServerError."""
        command = getattr(self, f"_{name.lower()}", None)
        if command is None:
            raise ServerError(f"ERR unknown command '{name}'")
        reply: Reply = command(*arguments)
        return reply

    def string(self, key: bytes) -> bytes:
        """Give a string, empty where there is none."""
        return bytes(self._get_as(key, bytes, b""))

    # -- access ---------------------------------------------------------------------------------------

    @property
    def _now_ms(self) -> int:
        return self.clock() // 1000

    def _has(self, key: bytes) -> bool:
        if key in self.expires and self.expires[key] <= self._now_ms:
            self._forget(key)
        return key in self.values

    def _forget(self, key: bytes) -> None:
        self.values.pop(key, None)
        self.expires.pop(key, None)

    def _get_as(self, key: bytes, kind: type[_T], default: _D) -> _T | _D:
        if not self._has(key):
            return default
        value = self.values[key]
        if not isinstance(value, kind):
            raise ServerError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return value

    def _hash(self, key: bytes) -> dict[bytes, bytes]:
        return self._get_as(key, dict, {})

    def _sorted(self, key: bytes) -> dict[bytes, float]:
        return self._get_as(key, dict, {})

    def _stream(self, key: bytes) -> Stream | None:
        return self._get_as(key, Stream, None)

    def _keep(self, key: bytes, value: dict[bytes, _T]) -> None:
        if value:
            self.values[key] = value
        else:
            self._forget(key)

    # -- keys -----------------------------------------------------------------------------------------

    def _del(self, *names: bytes) -> int:
        there = {name for name in names if self._has(name)}
        for name in there:
            self._forget(name)
        return len(there)

    def _exists(self, *names: bytes) -> int:
        return sum(map(self._has, names))

    def _expire(self, key: bytes, seconds: bytes) -> int:
        return self._pexpire(key, b"%d" % (int(seconds) * 1000))

    def _pexpire(self, key: bytes, milliseconds: bytes) -> int:
        if not self._has(key):
            return 0
        self.expires[key] = self._now_ms + int(milliseconds)
        return 1

    def _persist(self, key: bytes) -> int:
        return int(self._has(key) and self.expires.pop(key, None) is not None)

    def _pttl(self, key: bytes) -> int:
        if not self._has(key):
            return -2
        return self.expires[key] - self._now_ms if key in self.expires else -1

    def _time(self) -> list[bytes]:
        now = self.clock()
        return [b"%d" % (now // 1_000_000), b"%d" % (now % 1_000_000)]

    # -- strings --------------------------------------------------------------------------------------

    def _get(self, key: bytes) -> bytes | None:
        return self.string(key) if self._has(key) else None

    def _set(self, key: bytes, value: bytes, *options: bytes) -> str | None:
        words = [option.upper() for option in options]
        if b"NX" in words and self._has(key):
            return None
        self._forget(key)
        self.values[key] = value
        if b"PX" in words:
            self.expires[key] = self._now_ms + int(options[words.index(b"PX") + 1])
        return OK

    def _strlen(self, key: bytes) -> int:
        return len(self.string(key))

    def _getrange(self, key: bytes, first: bytes, last: bytes) -> bytes:
        return self.string(key)[int(first) : int(last) + 1]

    def _setrange(self, key: bytes, offset: bytes, value: bytes) -> int:
        old, at = self.string(key), int(offset)
        if value:
            self.values[key] = old[:at].ljust(at, b"\0") + value + old[at + len(value) :]
        return self._strlen(key)

    # -- hashes ---------------------------------------------------------------------------------------

    def _hget(self, key: bytes, field: bytes) -> bytes | None:
        return self._hash(key).get(field)

    def _hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        found = self._hash(key)
        return [found.get(field) for field in fields]

    def _hgetall(self, key: bytes) -> list[bytes]:
        return [word for pair in self._hash(key).items() for word in pair]

    def _hlen(self, key: bytes) -> int:
        return len(self._hash(key))

    def _hset(self, key: bytes, *pairs: bytes) -> int:
        found = self._hash(key)
        before = len(found)
        found |= dict(zip(pairs[::2], pairs[1::2], strict=True))
        self._keep(key, found)
        return len(found) - before

    def _hincrby(self, key: bytes, field: bytes, by: bytes) -> int:
        found = self._hash(key)
        value = int(found.get(field, b"0")) + int(by)
        found[field] = b"%d" % value
        self._keep(key, found)
        return value

    def _hdel(self, key: bytes, *fields: bytes) -> int:
        found = self._hash(key)
        removed = sum(found.pop(field, None) is not None for field in fields)
        self._keep(key, found)
        return removed

    # -- sorted sets ----------------------------------------------------------------------------------

    def _zadd(self, key: bytes, *words: bytes) -> int:
        options = {word.upper() for word in words if word.upper() in (b"NX", b"XX")}
        pairs = words[len(options) :]
        found, added = self._sorted(key), 0
        for score, member in zip(pairs[::2], pairs[1::2], strict=True):
            is_new = member not in found
            if (b"XX" in options and is_new) or (b"NX" in options and not is_new):
                continue
            added += is_new
            found[member] = float(score)
        self._keep(key, found)
        return added

    def _zrem(self, key: bytes, *members: bytes) -> int:
        return self._hdel(key, *members)

    def _zcard(self, key: bytes) -> int:
        return len(self._sorted(key))

    def _zincrby(self, key: bytes, by: bytes, member: bytes) -> bytes:
        found = self._sorted(key)
        found[member] = found.get(member, 0.0) + float(by)
        self._keep(key, found)
        return _number(found[member])

    def _zrange(self, key: bytes, first: bytes, last: bytes, *options: bytes) -> list[bytes]:
        order = sorted((score, member) for member, score in self._sorted(key).items())
        low, high = (int(at) + (len(order) if int(at) < 0 else 0) for at in (first, last))
        chosen = order[max(low, 0) : high + 1]
        if options:
            return [word for score, member in chosen for word in (member, _number(score))]
        return [member for _, member in chosen]

    def _zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        found = self._sorted(key)
        old = [member for member, score in found.items() if float(low) <= score <= float(high)]
        return self._hdel(key, *old)

    # -- streams --------------------------------------------------------------------------------------

    def _xadd(self, key: bytes, name: bytes, *fields: bytes) -> bytes:
        stream = self._stream(key) or Stream()
        added = stream.add(name, [*fields], self._now_ms)
        self.values[key] = stream
        return written(added)

    def _xrange(self, key: bytes, low: bytes, high: bytes, *options: bytes) -> list[list[object]]:
        stream = self._stream(key)
        found = stream.between(low, high) if stream is not None else []
        return [entry.reply() for entry in (found[: int(options[1])] if options else found)]

    def _xlen(self, key: bytes) -> int:
        stream = self._stream(key)
        return len(stream.entries) if stream is not None else 0

    def _xdel(self, key: bytes, *names: bytes) -> int:
        stream = self._stream(key)
        if stream is None:
            return 0
        return sum(stream.entries.pop(parsed(name), None) is not None for name in names)

    def _xtrim(self, key: bytes, how: bytes, first: bytes) -> int:
        assert how == b"MINID"
        stream = self._stream(key)
        return stream.drop_before(parsed(first)) if stream is not None else 0

    def _xgroup(self, create: bytes, key: bytes, group: bytes, start: bytes, *options: bytes) -> str:
        assert create == b"CREATE"
        stream = self._stream(key)
        if stream is None:
            if not options:
                raise ServerError("ERR The XGROUP subcommand requires the key to exist.")
            stream = self.values[key] = Stream()
        if group in stream.groups:
            raise ServerError("BUSYGROUP Consumer Group name already exists")
        stream.groups[group] = Group(parsed(start))
        return OK

    def _xack(self, key: bytes, group: bytes, *names: bytes) -> int:
        stream = self._stream(key)
        if stream is None or group not in stream.groups:
            return 0
        return sum(stream.groups[group].pending.pop(parsed(name), None) is not None for name in names)

    def _xreadgroup(self, *words: bytes) -> list[list[object]] | None:
        _, name, consumer, _, count, _, key, _ = words
        stream = self._grouped(key)
        found = stream.read(stream.group(name), consumer, int(count), self._now_ms)
        return [[key, [entry.reply() for entry in found]]] if found else None

    def _xautoclaim(
        self, key: bytes, name: bytes, consumer: bytes, idle: bytes, start: bytes, _: bytes, count: bytes
    ) -> list[object]:
        stream = self._grouped(key)
        cursor, claimed, deleted = stream.claim_idle(
            stream.group(name), consumer, int(idle), parsed(start), int(count), self._now_ms
        )
        return [written(cursor), [entry.reply() for entry in claimed], [written(one) for one in deleted]]

    def _xclaim(
        self, key: bytes, name: bytes, consumer: bytes, idle: bytes, entry: bytes, *options: bytes
    ) -> list[bytes]:
        assert options[-1] == b"JUSTID"
        stream = self._grouped(key)
        pending, found = stream.group(name).pending, parsed(entry)
        if found not in pending or self._now_ms - pending[found].since < int(idle):
            return []
        if found not in stream.entries:
            del pending[found]
            return []
        idle_ms = int(options[1]) if options[0] == b"IDLE" else 0
        pending[found] = Pending(consumer, self._now_ms - idle_ms)
        return [entry]

    def _grouped(self, key: bytes) -> Stream:
        stream = self._stream(key)
        if stream is None:
            raise ServerError(f"NOGROUP No such key '{key.decode()}' or consumer group")
        return stream


def _number(value: float) -> bytes:
    """Write a score as Redis does."""
    return b"%d" % value if value == int(value) else repr(value).encode()
