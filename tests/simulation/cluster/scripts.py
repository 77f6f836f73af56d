"""The package's own Lua scripts, run by the Lua that Redis has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lupa.lua51 import LuaRuntime

from tests.simulation.cluster.errors import ServerError

Call = Callable[[str, list[bytes]], object]

_HEADER = re.compile(rb"#!lua(?: flags=(?P<flags>\S+))?\n")
_lua: Any = LuaRuntime(encoding=None)
_called_by: Call | None = None


class Program:
    """A script, ready to run."""

    def __init__(self, text: bytes) -> None:
        header = _HEADER.match(text)
        assert header is not None, "a script begins with #!lua"
        self.allows_oom = b"allow-oom" in (header["flags"] or b"").split(b",")
        self.sha = hashlib.sha1(text, usedforsecurity=False).hexdigest()
        self._function = _lua.execute(
            b"local redis = { call = ... }\nreturn function(KEYS, ARGV)\n--" + text + b"\nend", _call
        )

    def run(self, keys: list[bytes], arguments: list[bytes], call: Call) -> object:
        """Run it, with `call` for redis.call, and return its reply. Raises ServerError."""
        global _called_by
        _called_by = call
        try:
            return _from_lua(self._function(_lua.table_from(keys), _lua.table_from(arguments)))
        finally:
            _called_by = None


@lru_cache
def program(text: bytes) -> Program:
    """Compile a script, once."""
    return Program(text)


def _call(name: bytes, *arguments: object) -> object:
    assert _called_by is not None, "a script runs"
    reply = _called_by(name.decode(), [_argument(argument) for argument in arguments])
    return _to_lua(reply)


def _argument(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return b"%d" % value if value == int(value) else b"%.17g" % value
    raise ServerError("ERR Lua redis lib command arguments must be strings or integers")


def _to_lua(reply: object) -> object:
    if reply is None:
        return False
    if isinstance(reply, str):
        return _lua.table_from({b"ok": reply.encode()})
    if isinstance(reply, list):
        return _lua.table_from([_to_lua(part) for part in reply])
    return reply


def _from_lua(value: Any) -> object:
    if value is None or value is False:
        return None
    if value is True:
        return 1
    if isinstance(value, float):
        return int(value)
    if isinstance(value, bytes | int):
        return value
    parts: list[object] = []
    while (part := value[len(parts) + 1]) is not None:
        parts.append(_from_lua(part))
    return parts
