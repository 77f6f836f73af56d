"""The simulated Redis: a keyspace, its scripts, and what becomes of both when it is killed and comes back."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from tests.simulation.cluster.errors import ServerError
from tests.simulation.cluster.keyspace import OK, Keyspace
from tests.simulation.cluster.scripts import program

EPOCH_US = 1_700_000_000 * 10**6
_NO_WRITES = {
    *("GET", "HGETALL", "HLEN", "ZRANGE", "XRANGE", "EXISTS", "STRLEN", "GETRANGE", "PTTL", "TIME"),
    *("INFO", "CONFIG", "CLIENT", "SELECT", "PING", "EVAL", "EVALSHA", "DEL", "EXPIRE"),
}


class SimulatedRedis:
    """One server. `now` tells virtual seconds; `on_change` is called after each command that may have changed
    something."""

    def __init__(self, now: Callable[[], float], chance: random.Random) -> None:
        self.clock_error_s = 0.0
        self.is_up = True
        self.is_full = False
        """Whether maxmemory is reached."""
        self.appends = True
        """Whether it keeps an append-only file."""
        self.calls = 0
        self.on_change: Callable[[], None] = lambda: None
        self.keys = Keyspace(self._clock)
        self.saved = self.keys
        """What its disk has, where that is not all."""
        self._now = now
        self._chance = chance
        self._known: dict[bytes, bytes] = {}
        self._begin()

    def _clock(self) -> int:
        return EPOCH_US + round((self._now() + self.clock_error_s) * 1e6)

    def _begin(self) -> None:
        self.process_id = f"{self._chance.getrandbits(160):040x}"
        self._known.clear()

    # -- what befalls it ------------------------------------------------------------------------------

    def save(self) -> None:
        """Have the disk hold what there is now, and nothing later, until it is killed."""
        self.saved = copy.copy(self.keys)
        self.saved.values = copy.deepcopy(self.keys.values)
        self.saved.expires = dict(self.keys.expires)

    def kill(self, *, loses: bool) -> None:
        """End it; with `loses`, only what was saved is left."""
        self.is_up = False
        if loses:
            self.keys.values, self.keys.expires = self.saved.values, self.saved.expires

    def start(self) -> None:
        """Let it come back, as another process."""
        self.is_up = True
        self._begin()

    def flush(self) -> None:
        """Delete everything."""
        self.keys.values.clear()
        self.keys.expires.clear()

    # -- what it is asked -----------------------------------------------------------------------------

    def execute(self, words: list[bytes]) -> object:
        """Carry out a command and give its reply; a ServerError stands for an error reply."""
        name, arguments = words[0].decode().upper(), words[1:]
        self.calls += 1
        try:
            if self.is_full and name not in _NO_WRITES:
                raise ServerError("OOM command not allowed when used memory > 'maxmemory'.")
            reply = self._run(name, arguments)
        except ServerError as error:
            return error
        self.on_change()
        return reply

    def _run(self, name: str, arguments: list[bytes]) -> object:
        match name:
            case "EVALSHA":
                if arguments[0] not in self._known:
                    raise ServerError("NOSCRIPT No matching script. Please use EVAL.")
                return self._script(self._known[arguments[0]], arguments[1:])
            case "EVAL":
                self._known[program(arguments[0]).sha.encode()] = arguments[0]
                return self._script(arguments[0], arguments[1:])
            case "SELECT" | "CLIENT":
                return OK
            case "PING":
                return "PONG"
            case "INFO":
                return self._info()
        return self.keys.run(name, arguments)

    def _script(self, text: bytes, words: list[bytes]) -> object:
        script = program(text)
        if self.is_full and not script.allows_oom:
            raise ServerError("OOM allow-oom flag is not set on the script, can not run it")
        count = int(words[0])
        return script.run(words[1 : count + 1], words[count + 1 :], self._called)

    def _called(self, name: str, arguments: list[bytes]) -> object:
        return self._info() if name == "INFO" else self.keys.run(name, arguments)

    def _info(self) -> bytes:
        return (
            f"# Server\r\nredis_version:7.0.15\r\nrun_id:{self.process_id}\r\n\r\n"
            f"# Persistence\r\naof_enabled:{int(self.appends)}\r\n"
        ).encode()


def encoded(reply: object) -> bytes:
    """Write a reply as it goes over the wire."""
    match reply:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case str():
            return f"+{reply}\r\n".encode()
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(reply), reply)
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(map(encoded, reply))
        case ServerError():
            return f"-{reply}\r\n".encode()
    raise TypeError(f"no reply: {reply!r}")


def decoded(data: bytes) -> tuple[list[bytes] | None, bytes]:
    """Read a command, and give it with what comes behind it; None where it is not whole."""
    if not data:
        return None, data
    head, separator, rest = data.partition(b"\r\n")
    assert head.startswith(b"*"), data[:50]
    words: list[bytes] = []
    for _ in range(int(head[1:])):
        size, separator, rest = rest.partition(b"\r\n")
        length = int(size[1:] or 0)
        if not separator or len(rest) < length + 2:
            return None, data
        words.append(rest[:length])
        rest = rest[length + 2 :]
    return words, rest
