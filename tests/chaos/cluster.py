"""A campaign over several workers under attack, and the audit of its books."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import cast

from tests.chaos.campaign import KEY, SECRET, TOML
from tests.chaos.recipients import Wanted, write_csv
from tests.chaos.recorder import ROOT, Recorder
from wa_bulk.cluster import keys
from wa_bulk.cluster.connection import connect

LIFE_S = 600.0
STARTED: list[asyncio.subprocess.Process] = []
"""By whatever test, so that none is left behind where one fails."""
JITTER_S = 0.1
"""By so much a busy machine may bunch what left evenly, as the server sees it."""


class Cluster:
    """A campaign file, recipients, and the processes of `wa-bulk cluster` that deal with them."""

    def __init__(self, folder: Path, server: Recorder, redis_url: str, wanted: Sequence[Wanted]) -> None:
        self.folder = folder
        self.server = server
        self.wanted = wanted
        self.log = folder / "run.jsonl"
        self.run_id = ""
        self.program = "tests.chaos.cluster_process"
        self.workers: list[asyncio.subprocess.Process] = []
        self.environment = {
            **os.environ,
            "WA_BULK_DEV_KEY": KEY,
            "WA_BULK_DEV_SECRET": SECRET,
            "WA_BULK_BASE_URL": server.url,
            "WA_BULK_DB": str(folder / "memory.db"),
            "WA_BULK_REDIS": redis_url,
            "WA_BULK_ALLOW_HTTP": "1",
            "PYTHONPATH": str(ROOT),
        }
        (folder / "campaign.toml").write_text(TOML, encoding="utf-8")
        write_csv(folder / "recipients.csv", wanted)

    async def start(
        self, *words: str, within: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """Start `wa-bulk cluster …`; `within` goes before the command, `environment` is added to it."""
        with (self.folder / "stderr.txt").open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(*within, sys.executable, "-m", self.program, "cluster", *words),
                cwd=self.folder,
                env={**self.environment, **(environment or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
            )
        STARTED.append(process)
        return process

    async def run(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        """Run it to its end, which must be a good one, and give what it printed."""
        process = await self.start(*words, environment=environment)
        printed, _ = await asyncio.wait_for(process.communicate(), LIFE_S)
        assert process.returncode == 0, (words, (self.folder / "stderr.txt").read_text())
        return printed.decode()

    async def submit(self, *options: str) -> None:
        self.run_id = (await self.run("submit", "campaign.toml", *options)).strip()

    async def add_worker(
        self, within: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        worker = await self.start("worker", within=within, environment=environment)
        self.workers.append(worker)
        return worker

    async def collect(self, *options: str) -> str:
        return await self.run("collect", self.run_id, "--log", str(self.log), *options)

    async def status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(await self.run("status", self.run_id, "--json"))
        return found

    async def holders(self) -> set[int]:
        """Name the processes that have rows in hand."""
        redis = connect(self.environment["WA_BULK_REDIS"])
        names = keys.of_run(self.run_id, "leases", "workers")
        leases, workers = [await cast(Awaitable[dict[bytes, bytes]], redis.hgetall(key)) for key in names]
        await redis.aclose()
        owners = {lease.split()[1] for lease in leases.values()}
        told = [json.loads(said.partition(b" ")[2]) for owner, said in workers.items() if owner in owners]
        return {int(one["worker"].rpartition(":")[2]) for one in told}

    async def until(self, state: str) -> dict[str, object]:
        async with asyncio.timeout(LIFE_S):
            while (status := await self.status())["state"] != state:
                await asyncio.sleep(0.3)
        return status

    async def end(self) -> None:
        """Have every process end: those that stand still as well."""
        for worker in self.workers:
            if worker.returncode is None:
                worker.send_signal(signal.SIGCONT)
                worker.terminate()
        for worker in self.workers:
            await asyncio.wait_for(worker.communicate(), LIFE_S)

    def results(self) -> list[dict[str, object]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        parsed = [json.loads(line) for line in lines if line.endswith("}")]
        return [line for line in parsed if line["type"] == "result"]

    def audit(self, *, unknown_max: int, rate: float = 0.0, lost_max: int = 0) -> Counter[str]:
        """Hold the books against what the server saw; return the rows by status.

        `lost_max` rows may have no line, and as many may be there twice, where Redis has lost that much.
        """
        results = self.results()
        counts = Counter(int(str(line["row"])) for line in results)
        missing = sorted(set(range(1, len(self.wanted) + 1)) - set(counts))
        assert len(missing) <= lost_max, f"rows without a final line: {missing}"
        assert set(counts) <= set(range(1, len(self.wanted) + 1)), "lines of rows that there are not"
        again = sum(counts.values()) - len(counts)
        assert again <= lost_max, f"{again} rows with two final lines"
        arrivals = self.server.arrivals()
        requests = Counter(arrival.row for arrival in arrivals)
        doubles = {row: count for row, count in requests.items() if count > 1}
        assert len(doubles) <= lost_max, f"sent twice: {doubles}"
        arrived = {arrival.row: arrival for arrival in arrivals}
        for line in results:
            if line["row"] in doubles:
                continue
            row = line["row"]
            assert isinstance(row, int)
            if line["status"] == "accepted":
                assert arrived[row].message_id == line["message_id"], line
            elif line["status"] != "unknown":
                assert row not in arrived, line
        for row in arrived:
            assert 1 <= row <= len(self.wanted)
        totals = Counter(str(line["status"]) for line in results)
        assert totals["unknown"] <= unknown_max, totals
        assert totals["failed"] == 0
        if rate:
            times = sorted(arrival.at for arrival in arrivals)
            most = max(bisect_left(times, at + 1 - JITTER_S) - i for i, at in enumerate(times))
            assert most <= rate, f"{most} in less than a second"
            assert len(times) <= rate * (times[-1] - times[0] + 1), "faster than the rate on the whole"
        return totals
