"""One campaign on several machines, and one limit for each number, over Redis.

Needs the extra `wa-bulk[redis]`. The commands are `wa-bulk cluster …`; a service that shares its limit with
others gives its client a pacer:

    from wa_bulk.cluster import RedisPacer

    async with Client.from_env(pacer=RedisPacer.from_url("redis://10.0.0.5:6379/0", rate=80)) as client:
        …
"""

try:
    import redis.asyncio  # noqa: F401 - or say how to get it
except ImportError as error:  # pragma: no cover
    raise ImportError("wa_bulk.cluster needs redis-py: pip install 'wa-bulk[redis]'") from error

from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.redis_pacer import RedisPacer

__all__ = ["ClusterError", "RedisPacer"]
