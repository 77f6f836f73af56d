"""Lua scripts, each of which Redis runs as one step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

Argument = str | bytes | int | float


class Script:
    """The script `name`.lua of this folder. Any number of clients may run it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._text = files(__package__).joinpath("scripts", f"{name}.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Redis, keys: Sequence[str], *arguments: Argument) -> object:
        """Run it and return its reply. Raises what redis-py raises; it may have run then."""
        try:
            return cast(object, await redis.evalsha(self._sha, len(keys), *keys, *arguments))
        except NoScriptError:  # then it has not run
            return cast(object, await redis.eval(self._text, len(keys), *keys, *arguments))
