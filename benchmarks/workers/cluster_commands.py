"""`wa-bulk cluster …` as processes, over one Redis."""

import os
import subprocess

import msgspec

from benchmarks.machine import wa_bulk_program


class Totals(msgspec.Struct):
    """How many rows of a run have each status."""

    accepted: int
    unknown: int


class _Status(msgspec.Struct):
    totals: Totals


class ClusterCommands:
    """The real commands: Redis at `redis_url`, the API at `base_url`."""

    def __init__(self, redis_url: str, base_url: str) -> None:
        self._environment = {**os.environ, "WA_BULK_REDIS": redis_url, "WA_BULK_BASE_URL": base_url}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `wa-bulk cluster` with these words; what it prints is to be read."""
        return subprocess.Popen(
            [*wa_bulk_program(), "cluster", *words],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def submit(self, campaign: str, *options: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start to submit a campaign; return the process and, once there is one, the run's id."""
        process = self.start("submit", campaign, "--again", *options)
        assert process.stdout is not None
        return process, process.stdout.readline().decode().strip()

    def totals(self, run_id: str) -> Totals:
        """Return how far a run is."""
        told, _ = self.start("status", run_id, "--json").communicate()
        return msgspec.json.decode(told, type=_Status).totals
