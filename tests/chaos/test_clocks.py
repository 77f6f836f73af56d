"""Machines whose clocks are minutes apart."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.fake_time import MINUTES_5, off_by
from tests.chaos.recipients import crowd
from tests.chaos.recorder import Recorder
from tests.cluster.redis_server import SAFE, RedisServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]


async def test_clocks_five_minutes_apart(tmp_path: Path, server: Recorder) -> None:
    """Of submit, three workers and collect; the pace is kept, and every row has its line."""
    (tmp_path / "redis").mkdir()
    with RedisServer(tmp_path / "redis", **SAFE) as redis:
        cluster = Cluster(tmp_path, server, redis.url, crowd(2500))
        cluster.run_id = (
            await cluster.run("submit", "campaign.toml", "--rate", "200", environment=off_by(-MINUTES_5))
        ).strip()
        for seconds in (MINUTES_5, 0, -MINUTES_5):
            await cluster.add_worker(environment=off_by(seconds))
        await cluster.until("finished")
        await cluster.end()
        words = ("collect", cluster.run_id, "--log", str(cluster.log))
        await cluster.run(*words, environment=off_by(MINUTES_5))
    assert cluster.audit(unknown_max=0, rate=200) == {"accepted": 2500}
    times = [datetime.fromisoformat(str(line["at"])).timestamp() for line in cluster.results()]
    assert max(times) - min(times) > 1.9 * MINUTES_5
