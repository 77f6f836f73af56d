"""Everything that can be settled about a run before anything is sent."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from wa_bulk.campaign.blueprint import Blueprint, compile_campaign
from wa_bulk.campaign.file import CampaignError, CampaignFile, load
from wa_bulk.campaign.ledger import Ledger
from wa_bulk.campaign.log import LogError, RunLine, SourceRef, timestamp
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.source import Scan, Source


BASE_URL = "base_url"
"""The key, among a run line's settings, of the address that the run sends to."""


class Plan(Struct, frozen=True, kw_only=True):
    """A run that is ready to begin, or to go on. Nothing has been sent or written for it yet.

    `ledger` knows the rows' past; `resumed` tells whether there is one.
    """

    file: CampaignFile
    source: Source
    scan: Scan
    source_stat: tuple[int, int, int]
    blueprint: Blueprint
    settings: Settings
    run_id: str
    log: Path
    ledger: Ledger
    resumed: bool = False

    @property
    def rows_to_send(self) -> int:
        """How many rows there are to go through, refused ones and duplicates among them."""
        if not self.resumed:
            rows = self.scan.rows
            return rows if self.settings.limit is None else min(rows, self.settings.limit)
        stretches = self.ledger.to_send(
            self.scan.rows,
            retry_unknown=self.settings.on_unknown == "retry",
            retry_failed=self.settings.retry_failed,
        )
        return sum(map(len, stretches))

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do: no row to send, and none whose fate has to be noted."""
        return self.resumed and not self.rows_to_send and next(self.ledger.rows_in("intended"), None) is None

    def source_changed(self) -> bool:
        """Whether the recipients' file is no longer the one that was looked at."""
        return _stat(self.source.path) != self.source_stat

    @property
    def base_url(self) -> str | None:
        """Where the run was begun; None if it was not yet, or its log does not say."""
        address = self.ledger.run.settings.get(BASE_URL) if self.ledger.run is not None else None
        return address if isinstance(address, str) else None

    def run_line(self, base_url: str) -> RunLine:
        """The line that opens this run, or this stretch of it at `base_url`, in the log."""
        return RunLine(
            run_id=self.run_id,
            campaign=str(self.file.path.resolve()),
            at=timestamp(),
            source=SourceRef(str(self.source.path.resolve()), self.scan.sha256, self.scan.rows),
            campaign_sha256=self.file.sha256,
            settings={**self.settings.as_log(), BASE_URL: base_url},
            pid=os.getpid(),
        )


def prepare(
    campaign: Path,
    *,
    recipients: Path | None = None,
    log: Path | None = None,
    settings: Settings | None = None,
) -> Plan:
    """A new run of a campaign. `settings` decide everything but the rate, which is the file's without them.

    Raises CampaignError, SourceError, and LogError where the log stands already.
    """
    file = load(campaign)
    settings = settings or Settings(rate=file.rate)
    path = recipients_of(file, recipients)
    run_id = secrets.token_hex(6)
    log = log or Path(f"{_slug(file.name)}-{run_id}.jsonl")
    if log.exists():
        raise LogError(f"{log}: exists already; go on with it by: wa-bulk resume {log}")
    stat = _stat(path)
    source = Source(path)
    blueprint = compile_campaign(file, source.header, run_id)
    scan = source.scan()
    return Plan(
        file=file,
        source=source,
        scan=scan,
        source_stat=stat,
        blueprint=blueprint,
        settings=settings,
        run_id=run_id,
        log=log,
        ledger=Ledger(scan.rows),
    )


def recipients_of(file: CampaignFile, given: Path | None) -> Path:
    """Where a campaign's recipients are: `given`, or else what the file says. Raises CampaignError."""
    path = given or file.recipients
    if path is None:
        raise CampaignError(
            f'{file.path}: names no recipients; add recipients = "file.csv" or give --recipients FILE'
        )
    return path


def plan_resume(log: Path, **changes: object) -> Plan:
    """The rest of the run that `log` tells of, with its settings but for `changes` (fields of Settings).

    Raises LogError (no log, damaged, of another campaign), CampaignError, SourceError.
    """
    ledger = Ledger.from_log(log)
    run = ledger.run
    if run is None:
        raise LogError(f"{log}: holds no run; there is nothing to resume")
    file = load(Path(run.campaign))
    if file.sha256 != run.campaign_sha256:
        raise LogError(
            f"{file.path}: is not the campaign file this run began with; put the original back "
            f"to resume {log}"
        )
    path = Path(run.source.path)
    stat = _stat(path)
    source = Source(path)
    scan = source.scan()
    if scan.sha256 != run.source.sha256:
        raise LogError(
            f"{path}: is not the file of recipients this run began with; its rows would be taken for "
            f"others. Put the original back to resume {log}"
        )
    settings = msgspec.convert(
        {**run.settings, "limit": None, "on_unknown": "hold", "retry_failed": False, **changes}, Settings
    )
    return Plan(
        file=file,
        source=source,
        scan=scan,
        source_stat=stat,
        blueprint=compile_campaign(file, source.header, run.run_id),
        settings=settings,
        run_id=run.run_id,
        log=log,
        ledger=ledger,
        resumed=True,
    )


def _stat(path: Path) -> tuple[int, int, int]:
    """What changes when a file does: its inode, size and time of change; zeros when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.") or "campaign"
