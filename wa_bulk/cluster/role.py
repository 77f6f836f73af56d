"""What only one process at a time may do: submit a run, collect its results, or collect callbacks."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from typing import cast

from redis.asyncio import Redis

from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import ClusterError, in_words

LEASE_MS = 10_000
"""A process that was not heard of for so long has let go of its role."""
_LOOK_S = 0.2


def who_am_i() -> str:
    """Name this process, as others are told of it."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def take_role(redis: Redis, url: str, run_id: str, role: str, words: str) -> str:
    """Take a role, and return the token that stands for having it; wait where its owner seems to be dead.

    Raises ClusterError, with `words` that say what another process does, where that one is alive.
    """
    (key,) = keys.of_run(run_id, role)
    token = f"{who_am_i()} {secrets.token_hex(4)}"
    least = LEASE_MS
    while True:
        with in_words(url):
            if await redis.set(key, token, nx=True, px=LEASE_MS):
                return token
            owner = cast(bytes | None, await redis.get(key))
            left = int(await redis.pttl(key))
        if owner is not None and left > least:
            raise ClusterError(
                f"{words}: {owner.decode().split()[0]} (host:process). Wait for it, or end it first"
            )
        if left > 0:
            least = left
        await asyncio.sleep(_LOOK_S)


async def leave_role(redis: Redis, url: str, run_id: str, role: str, token: str) -> None:
    """Let go of a role, so that the next one need not wait. Raises ClusterError."""
    (key,) = keys.of_run(run_id, role)
    with in_words(url):
        if await redis.get(key) == token.encode():
            await redis.delete(key)
