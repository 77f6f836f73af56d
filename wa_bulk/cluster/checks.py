"""Whether a Redis can be trusted with a run's books."""

from __future__ import annotations

import re
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from wa_bulk.cluster.connection import OLDEST, ClusterError, in_words, without_password


async def check_server(redis: Redis, url: str) -> list[str]:
    """Return what a person should know of the Redis at `url`.

    Raises ClusterError where it cannot be reached, is too old, or drops data when its memory is full.
    """
    where = f"Redis at {without_password(url)}"
    with in_words(url):
        info = cast(dict[str, object], await redis.info("server"))
        version = str(info.get("redis_version", "0"))
        settings = await _settings(redis)
    found = re.match(r"\d+", version)
    if found is None or int(found[0]) < OLDEST:
        raise ClusterError(f"{where} is version {version}: {OLDEST} or newer is needed")
    if settings is None:
        return [
            f"{where} tells no settings: see to it that maxmemory-policy is noeviction and appendonly yes"
        ]
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction" and settings.get("maxmemory", "0") != "0":
        raise ClusterError(
            f"{where} drops data when its memory is full (maxmemory-policy {policy}), the books of who was "
            "written to among them: set maxmemory-policy to noeviction"
        )
    warnings = []
    if policy != "noeviction":
        warnings.append(f"{where} has maxmemory-policy {policy}: it would drop data were maxmemory set")
    if settings.get("appendonly") != "yes":
        warnings.append(
            f"{where} keeps no append-only file (appendonly no): a restart of it loses who was written to, "
            "and callbacks. Set appendonly yes"
        )
    elif settings.get("appendfsync") != "always":
        warnings.append(
            f"{where} does not sync its disk at once (appendfsync {settings.get('appendfsync')}): a crash of "
            "its machine loses the last second: rows of it may be sent twice, callbacks of it be missing. "
            "appendfsync always prevents that"
        )
    return warnings


async def _settings(redis: Redis) -> dict[str, str] | None:
    """Read the settings that matter; None where that is not allowed."""
    try:
        return cast(
            dict[str, str],
            {
                _text(name): _text(value)
                for name, value in (
                    await redis.config_get("maxmemory-policy", "maxmemory", "appendonly", "appendfsync")
                ).items()
            },
        )
    except ResponseError:
        return None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
