"""Everything that can be settled about a run before anything is sent."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from wa_bulk.campaign.file import CampaignError, CampaignFile, load
from wa_bulk.campaign.request.blueprint import Blueprint, compile_campaign
from wa_bulk.campaign.rules.duplicates import Seen
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.csv import Source, SourceRow
from wa_bulk.ledger.lock import LockedLog
from wa_bulk.ledger.log_format import LogError, ResultLine, RunLine, SourceRef, read_run, timestamp
from wa_bulk.ledger.row_states import Ledger, State, states_to_send

BASE_URL = "base_url"
"""The key, among a run line's settings, of the address that the run sends to."""


class Plan(Struct, frozen=True, kw_only=True):
    """A run that is ready to begin, or to go on. Nothing has been sent or written for it yet.

    `ledger` knows the rows' past, `seen` the numbers that were sent to (None where duplicates are sent).
    `claimed` is the log of a run that goes on, locked before it was read, so that no other process can have
    sent meanwhile what the ledger calls unsent.
    """

    file: CampaignFile
    source: Source
    rows: int
    source_sha256: str
    blueprint: Blueprint
    settings: Settings
    run_id: str
    log: Path
    ledger: Ledger
    seen: Seen | None
    claimed: LockedLog | None = None

    @property
    def resumed(self) -> bool:
        """Whether this goes on with an earlier run."""
        return self.claimed is not None

    def rows_to_go_through(self) -> Iterator[SourceRow | None]:
        """The rows that are to be sent or whose fate is to be noted, as `Source.rows_in` gives them."""
        if not self.resumed:
            return self.source.rows()
        return self.source.rows_in(self.ledger.rows_in("intended", *self._states_to_send))

    def release(self) -> None:
        """Lets the log of a plan go that will not be carried out. Harmless otherwise."""
        if self.claimed is not None:
            self.claimed.close()

    @property
    def rows_to_send(self) -> int:
        """How many rows there are to go through, refused ones and duplicates among them."""
        if not self.resumed:
            return self.rows if self.settings.limit is None else min(self.rows, self.settings.limit)
        return sum(map(len, self.ledger.rows_in(*self._states_to_send)))

    @property
    def _states_to_send(self) -> list[State]:
        return states_to_send(
            retry_unknown=self.settings.on_unknown == "retry", retry_failed=self.settings.retry_failed
        )

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do: no row to send, none whose fate has to be noted, and the log
        says so at its end."""
        ledger = self.ledger
        closed = ledger.end is not None and ledger.end.stopped is None
        return closed and not self.rows_to_send and next(ledger.rows_in("intended"), None) is None

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
            source=SourceRef(str(self.source.path.resolve()), self.source_sha256, self.rows),
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
        raise LogError(
            f"{log} exists already: go on with it by `wa-bulk resume {shlex.quote(str(log))}`, or choose "
            "another log"
        )
    source = Source(path)
    blueprint = compile_campaign(file, source.header, run_id)
    scan = source.scan()
    return Plan(
        file=file,
        source=source,
        rows=scan.rows,
        source_sha256=scan.sha256,
        blueprint=blueprint,
        settings=settings,
        run_id=run_id,
        log=log,
        ledger=Ledger(scan.rows),
        seen=None if settings.allow_duplicates else Seen(scan.rows),
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
    claimed = LockedLog.claim(log)
    try:
        return _rest_of(claimed, changes)
    except BaseException:
        claimed.close()
        raise


def _rest_of(claimed: LockedLog, changes: Mapping[str, object]) -> Plan:
    run = read_run(claimed.path)
    seen = Seen(run.source.rows or 0)

    def note(result: ResultLine) -> None:
        if result.to and result.status != "skipped" and (result.attempts or result.status != "rejected"):
            seen.note(result.to, result.row)

    ledger = Ledger.from_log(claimed.path, note)
    file = load(Path(run.campaign))
    if file.sha256 != run.campaign_sha256:
        raise LogError(
            f"{file.path}: is not the campaign file this run began with; put the original back "
            f"to resume {claimed.path}"
        )
    path = Path(run.source.path)
    source = Source(path)
    if source.sha256() != run.source.sha256:
        raise LogError(
            f"{path}: is not the file of recipients this run began with; its rows would be taken for "
            f"others. Put the original back to resume {claimed.path}"
        )
    rows = source.scan().rows if run.source.rows is None else run.source.rows
    ledger.grow(rows)
    try:
        settings = msgspec.convert(
            {**run.settings, "limit": None, "on_unknown": "hold", "retry_failed": False, **changes}, Settings
        )
    except msgspec.ValidationError as error:
        raise LogError(
            f"{claimed.path} is damaged: the settings of its run cannot be used: {error}"
        ) from None
    return Plan(
        file=file,
        source=source,
        rows=rows,
        source_sha256=run.source.sha256,
        blueprint=compile_campaign(file, source.header, run.run_id),
        settings=settings,
        run_id=run.run_id,
        log=claimed.path,
        ledger=ledger,
        seen=None if settings.allow_duplicates else seen,
        claimed=claimed,
    )


def _slug(name: str) -> str:
    """`name` as part of a file's name, which has at most 255 bytes in all."""
    slug = "".join(c if c.isalnum() or c in "-_." else "-" for c in name[:50])
    return slug.strip("-.") or "campaign"
