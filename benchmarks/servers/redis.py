"""A redis-server of one's own, with an append-only file, in a folder and on a core."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from benchmarks.machine import peak_resident, pinned

STARTS_WITHIN_S = 10.0


class RunningRedis:
    """A started Redis: its address, and what it tells of itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", path: Path) -> None:
        import redis

        self.url = f"unix://{path}"
        self._process = process
        self._client = redis.Redis(unix_socket_path=str(path))

    def cpu_s(self) -> float:
        """CPU seconds, user and system, since it was started."""
        return self._info("used_cpu_user") + self._info("used_cpu_sys")

    def peak_bytes(self) -> int:
        """The most that its data have taken."""
        return int(self._info("used_memory_peak"))

    def peak_rss(self) -> int:
        """The most resident bytes of its process."""
        return peak_resident(self._process.pid)

    def script_calls(self) -> int:
        """Scripts run since it was started."""
        found = cast(dict[str, dict[str, int]], self._client.info("commandstats"))
        return sum(found[name]["calls"] for name in ("cmdstat_eval", "cmdstat_evalsha") if name in found)

    def _info(self, name: str) -> float:
        return float(cast(dict[str, float], self._client.info())[name])


@contextmanager
def running_redis(directory: Path, core: int | None) -> Iterator[RunningRedis]:
    """Run an empty Redis with its files in `directory / "redis"`, which is emptied; stop it on leaving."""
    folder = directory / "redis"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "redis.sock"
    settings = {"port": "0", "unixsocket": str(path), "dir": str(folder), "save": "", "appendonly": "yes"}
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    process = subprocess.Popen(pinned(core, ["redis-server", *options]), stdout=subprocess.DEVNULL)
    try:
        by = time.monotonic() + STARTS_WITHIN_S
        while not path.exists() and time.monotonic() < by:
            time.sleep(0.01)
        yield RunningRedis(process, path)
    finally:
        process.kill()
        process.wait()
