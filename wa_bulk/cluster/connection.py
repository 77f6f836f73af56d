"""The way to Redis: its address, what it must be able to do, and what goes wrong in a person's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from redis import exceptions as errors
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

if TYPE_CHECKING:
    from redis.asyncio.connection import ConnectionPool

OLDEST = 7
"""The first version of Redis that knows all that is asked of it."""
TIMEOUT_S = 5.0
"""For a connection to be made, and for a reply."""
CONNECTIONS = 8

_CLOSED = "the handler is closed"
"""What uvloop says, in a RuntimeError, of a connection that was reset since it was made."""
_SENTINEL = ("redis+sentinel", "rediss+sentinel")
_EXAMPLE = "expected, say, redis://127.0.0.1:6379/0"


class _SentinelPool(SentinelConnectionPool):
    """Closes its connections to the Sentinels with those to the master."""

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()


class ClusterError(Exception):
    """Something about Redis, or what is kept there, that a person can mend; the text says what and how."""


class Unavailable(ClusterError):
    """Redis cannot be reached at this moment, or takes nothing at this moment; later it may again."""


def connect(url: str) -> Redis:
    """Make a client for `url`; nothing is connected yet. Replies are bytes.

    Nothing is tried twice by itself: a script whose reply was lost may have run.

    `redis://`, `rediss://` (TLS) and `unix://` as redis-py reads them, with `user:password@` for an ACL; and
    `redis+sentinel://user:password@host:26379,host:26379/service/0` for the master that Sentinels name
    (`rediss+sentinel://`: with TLS). Raises ClusterError for what is no such address.
    """
    try:
        scheme = urlsplit(url).scheme
        pool = _sentinel_pool(url, scheme) if scheme in _SENTINEL else _pool(url, scheme)
    except (ValueError, TypeError) as error:
        raise ClusterError(f"{without_password(url)!r} is no address of Redis: {error}; {_EXAMPLE}") from None
    return Redis.from_pool(pool)


def without_password(url: str) -> str:
    """Give an address as it may be shown."""
    before, at, after = url.rpartition("@")
    if not at:
        return url
    scheme, slashes, who = before.partition("://")
    return f"{scheme}{slashes}{who.partition(':')[0]}:***@{after}"


@contextmanager
def in_words(url: str) -> Iterator[None]:
    """Turn what redis-py raises within into a ClusterError, or Unavailable, about the Redis at `url`."""
    where = f"Redis at {without_password(url)}"
    try:
        yield
    except (errors.AuthenticationError, errors.AuthorizationError) as error:
        raise ClusterError(
            f"{where} refuses the password or the user ({error}): give both in the address, as in "
            "redis://user:password@host:6379/0"
        ) from error
    except errors.NoPermissionError as error:
        raise ClusterError(f"{where} does not allow this user what is needed: {error}") from error
    except errors.OutOfMemoryError as error:
        raise Unavailable(
            f"{where} has no memory left (maxmemory): have results collected, or give it more"
        ) from error
    except errors.ReadOnlyError as error:
        raise Unavailable(
            f"{where} is a replica, which takes no writes: give the master's address"
        ) from error
    except errors.MaxConnectionsError as error:
        raise Unavailable(f"{where} takes no more connections: {error}") from error
    except (errors.ConnectionError, errors.TimeoutError, errors.BusyLoadingError, OSError) as error:
        raise Unavailable(f"{where} cannot be reached: {str(error) or type(error).__name__}") from error
    except RuntimeError as error:
        if _CLOSED not in str(error):
            raise
        raise Unavailable(f"{where} cannot be reached: the connection was closed") from error
    except errors.ResponseError as error:
        if str(error).startswith(("MISCONF", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN")):
            raise Unavailable(f"{where} takes no writes at this moment: {error}") from error
        raise ClusterError(f"{where} answers: {error}") from error
    except errors.InvalidResponse as error:
        raise ClusterError(f"what answers at {without_password(url)} is no Redis ({error})") from error
    except errors.RedisError as error:
        raise ClusterError(f"{where}: {error}") from error


def _patience() -> dict[str, object]:
    return {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
    }


def _settings() -> dict[str, object]:
    return {
        **_patience(),
        "health_check_interval": 0,
        "protocol": 2,
        "max_connections": CONNECTIONS,
    }


def _pool(url: str, scheme: str) -> ConnectionPool:
    if scheme not in ("redis", "rediss", "unix"):
        raise ValueError("it begins with none of redis://, rediss://, unix://, redis+sentinel://")
    settings = _settings()
    if scheme == "unix":
        settings.pop("socket_connect_timeout")
    elif (database := urlsplit(url).path.strip("/")) and not database.isdecimal():
        raise ValueError(f"{database!r} is no database: they are numbered, from 0")
    return BlockingConnectionPool.from_url(url, timeout=TIMEOUT_S, **settings)


def _sentinel_pool(url: str, scheme: str) -> ConnectionPool:
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("it names no service: redis+sentinel://host:26379/service/0")
    addresses = []
    for host in hosts.split(","):
        name, _, port = host.rpartition(":")
        addresses.append((name.strip("[]"), int(port)))
    credentials = {
        name: unquote(value) for name, value in (("username", user), ("password", password)) if value
    }
    settings = _settings()
    sentinel = Sentinel(addresses, sentinel_kwargs=_patience())  # type: ignore[no-untyped-call]
    return _SentinelPool(  # type: ignore[no-untyped-call]
        service, sentinel, db=int(db or 0), ssl=scheme == "rediss+sentinel", **settings, **credentials
    )
