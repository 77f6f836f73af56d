"""The Redis that several machines share, as the commands use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from wa_bulk.cli import options
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from redis.asyncio import Redis

VARIABLE = "WA_BULK_REDIS"

_T = TypeVar("_T")

redis_option = options.option(
    "--redis",
    "url",
    metavar="URL",
    envvar=VARIABLE,
    show_envvar=True,
    help="Where Redis is, such as redis://user:password@10.0.0.5:6379/0; rediss:// for TLS.",
)


def with_redis(url: str | None, use: Callable[[Redis, str], Awaitable[_T]], *, warn: bool = False) -> _T:
    """Use the Redis at `url`, and let go of it; with `warn`, tell what is unsafe about it.

    Raises Problem where it cannot be used.
    """
    from wa_bulk.cli import loop

    if not url or not url.strip():
        raise Problem(
            "no Redis is named", f"Give --redis URL, or set {VARIABLE}: redis://127.0.0.1:6379/0, say."
        )
    try:
        from wa_bulk.cluster.checks import check_server
        from wa_bulk.cluster.connection import ClusterError, connect
    except ImportError:
        raise Problem(
            "Redis needs redis-py, which is not installed",
            "pip install 'wa-bulk[redis]'",
        ) from None
    where = url.strip()

    async def main() -> _T:
        redis = connect(where)
        try:
            warnings = await check_server(redis, where)
            for warning in warnings if warn else ():
                click.secho(warning, fg="yellow", err=True)
            return await use(redis, where)
        finally:
            await redis.aclose()

    try:
        return loop.run(main())
    except ClusterError as error:
        raise Problem(str(error)) from error


def shown(url: str) -> str:
    """Give the address of Redis as it may be shown."""
    from wa_bulk.cluster.connection import without_password

    return without_password(url)
