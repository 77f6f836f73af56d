"""Everything that can be settled about a run before anything is sent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from wa_bulk.campaign.file import CampaignFile, load
from wa_bulk.campaign.recipients import (
    as_settings_say,
    gives_sheet,
    kept_beside,
    open_recipients,
    recipients_of,
    with_reading_of,
)
from wa_bulk.campaign.request.blueprint import Blueprint, compile_campaign
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.campaign.rules.doubtful import DoubtfulNumberRule
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.rules.selection import SelectionRule
from wa_bulk.campaign.rules.unheard import UnheardRule
from wa_bulk.campaign.selections.kept import described, keep, restored
from wa_bulk.campaign.sends import sends_of
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import STANDARD_INPUT, RowSource, SourceRow
from wa_bulk.ledger.lock import LockedLog, exists_already
from wa_bulk.ledger.log_file import LogFile
from wa_bulk.ledger.log_format import (
    BASE_URL,
    FORMAT,
    LogError,
    ResultLine,
    RunLine,
    Setting,
    SourceRef,
    Totals,
    timestamp,
)
from wa_bulk.ledger.log_reader import read_run
from wa_bulk.ledger.past import Past, read_past
from wa_bulk.ledger.row_states import CHUNK_ROWS, CUT_OFF, RowState, RowStates


class Plan(Struct, frozen=True, kw_only=True):
    """A run that is ready to begin, or to go on. Nothing has been sent or written for it yet.

    Of a run that goes on, `past` is what its log says, and `claimed` the log itself, locked before it was
    read, so that no other process can have sent meanwhile what the past calls unsent.
    """

    file: CampaignFile
    source: RowSource
    rows: int
    source_sha256: str
    blueprint: Blueprint
    settings: Settings
    run_id: str
    log: Path
    rules: list[RowRule]
    selections: Sequence[SelectionRule] = ()
    """Those of the rules that the user made by --only, --except or --exclude."""
    past: Past | None = None
    claimed: LogFile | None = None
    kept_input: Path | None = None
    """Where the recipients are kept that came from standard input, by this very command."""
    unheard: set[int] = msgspec.field(default_factory=set)
    """With `on_unknown` "retry-unheard": the rows in doubt that are sent again. None, until they are told."""

    @property
    def resumed(self) -> bool:
        """Whether this goes on with an earlier run."""
        return self.past is not None

    def release(self) -> None:
        """Let go what a plan holds that will not be carried out. Harmless otherwise."""
        if self.claimed is not None:
            self.claimed.close()
        if self.kept_input is not None and not self.log.exists():
            self.kept_input.unlink(missing_ok=True)

    def totals(self) -> Totals:
        """Count the rows by status, as they stand before this stretch."""
        return self.past.totals() if self.past is not None else Totals()

    @property
    def begun_ms(self) -> int | None:
        """When the run was begun, in milliseconds since 1970; None if it was not yet, or its log does not
        say."""
        if self.past is None:
            return None
        try:
            return round(datetime.fromisoformat(self.past.run.at).timestamp() * 1000)
        except ValueError:
            return None

    def keep_selections(self) -> None:
        """Keep the selections of a new run beside its log, where its resumes find them. Raises LogError."""
        if self.past is None:
            keep(self.selections, self.log)

    def suppress(self, rule: RowRule) -> None:
        """Have the run keep a rule about people who are not to be written to, before duplicates are told."""
        put_before_duplicates(self.rules, rule)

    @property
    def rows_to_send(self) -> int:
        """How many rows there are to go through, refused ones and duplicates among them."""
        if self.past is None:
            return self.rows if self.settings.limit is None else min(self.rows, self.settings.limit)
        totals, settings = self.past.totals(), self.settings
        rows: int = self.rows - sum(msgspec.structs.astuple(totals))
        rows += totals.unknown if settings.on_unknown == "retry" else len(self.unheard)
        rows += totals.failed if settings.retry_failed else 0
        rows += totals.rejected if settings.retry_rejected else 0
        return rows

    def rows_left(self) -> Iterator[SourceRow]:
        """Stream the rows that there are to go through, as `rows_to_send` counts them. Raises SourceError."""
        if self.past is None:
            return islice(self.source.rows(), self.settings.limit)
        return (row for row in self.source.rows_in(self._ranges_left(self.past.states)) if row is not None)

    def _ranges_left(self, states: RowStates) -> Iterator[range]:
        settings = self.settings
        wanted: list[RowState] = ["never", "unknown", "cut off"]
        wanted += ["failed"] if settings.retry_failed else []
        wanted += ["rejected"] if settings.retry_rejected else []
        for first in range(1, self.rows + 1, CHUNK_ROWS):
            for rows, state in states.alike(first, min(first + CHUNK_ROWS - 1, self.rows), wanted):
                if state not in ("unknown", "cut off") or settings.on_unknown == "retry":
                    yield rows
                else:
                    yield from (range(row, row + 1) for row in rows if row in self.unheard)

    @property
    def rows_to_handle(self) -> int:
        """How many rows get a status: those to send, and those that were cut off."""
        return self.rows_to_send + self._rows_cut_off_held

    @property
    def _rows_cut_off_held(self) -> int:
        if self.past is None or self.settings.on_unknown == "retry":
            return 0
        states = self.past.states
        return states.count(CUT_OFF) - sum(states.state(row) == "cut off" for row in self.unheard)

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do: no row to send, none whose fate has to be noted, and the log
        says so at its end."""
        end = self.past.end if self.past is not None else None
        return end is not None and end.stopped is None and not self.rows_to_handle

    @property
    def base_url(self) -> str | None:
        """Where the run was begun; None if it was not yet, or its log does not say."""
        return self.past.run.base_url if self.past is not None else None

    def logged_settings(self, base_url: str) -> dict[str, Setting]:
        """Give the settings of a stretch at `base_url`, as its run line has them."""
        return {**self.settings.as_log(), BASE_URL: base_url}

    def run_line(self, base_url: str) -> RunLine:
        """Make the line that opens this run, or this stretch of it at `base_url`, in the log."""
        return RunLine(
            format=FORMAT,
            run_id=self.run_id,
            campaign=str(self.file.path.resolve()),
            at=timestamp(),
            source=SourceRef(str(self.source.path.resolve()), self.source_sha256, self.rows),
            campaign_sha256=self.file.sha256,
            settings=self.logged_settings(base_url),
            pid=os.getpid(),
            sends=sends_of(self.file),
        )


def prepare(
    campaign: Path,
    *,
    recipients: Path | None = None,
    log: Path | None = None,
    settings: Settings | None = None,
    selections: Sequence[SelectionRule] = (),
) -> Plan:
    """Plan a new run of a campaign. Without `settings`, rate and gateway errors are the file's.

    Raises CampaignError, SourceError, and LogError where the log exists already.
    """
    file = load(campaign)
    file.require_finished()
    settings = settings or settings_of(file)
    run_id = secrets.token_hex(6)
    log = log or Path(f"{_slug(file.name)}-{run_id}.jsonl")
    if log.exists():
        raise exists_already(log)
    if not log.parent.is_dir():
        raise LogError(f"cannot create the log {log}: there is no folder {log.parent}")
    read = as_settings_say(file, settings)
    sheet_is_given = gives_sheet(settings, file)
    settings = with_reading_of(settings, read)
    with kept_beside(log, recipients_of(file, recipients)) as path:
        source = open_recipients(read, path, sheet_is_given=sheet_is_given)
        blueprint = compile_campaign(read, source.header, run_id, source.rows)
        scan = source.scan()
    if source.sheet is None:
        settings = msgspec.structs.replace(settings, sheet=None)
    return Plan(
        file=file,
        source=source,
        rows=scan.rows,
        source_sha256=scan.sha256,
        blueprint=blueprint,
        settings=msgspec.structs.replace(settings, selections=described(selections, log)),
        run_id=run_id,
        log=log,
        rules=rules_of(settings, DuplicateRule(scan.rows), selections),
        selections=selections,
        kept_input=path if recipients == STANDARD_INPUT else None,
    )


def settings_of(file: CampaignFile) -> Settings:
    """Give the settings of a run that the campaign file alone decides on."""
    settings = Settings(rate=file.rate, gateway_errors=file.gateway_errors or "unknown")
    return with_reading_of(settings, file)


def rules_of(
    settings: Settings, duplicates: DuplicateRule, selections: Sequence[SelectionRule] = ()
) -> list[RowRule]:
    """Give the rules that a run of these settings keeps; `duplicates` knows who was written to."""
    rules: list[RowRule] = [*selections]
    if settings.leave_out_doubtful:
        rules.append(DoubtfulNumberRule())
    return rules if settings.allow_duplicates else [*rules, duplicates]


def put_before_duplicates(rules: list[RowRule], rule: RowRule) -> None:
    """Add a rule whose skipped rows are no duplicates of others."""
    at = next((at for at, own in enumerate(rules) if isinstance(own, DuplicateRule)), len(rules))
    rules.insert(at, rule)


def plan_resume(log: Path, **changes: object) -> Plan:
    """Plan the rest of the run that `log` tells of, with its settings but for `changes` (fields of Settings).

    Raises LogError (no log, damaged, of another campaign), CampaignError, SourceError.
    """
    claimed = LockedLog.claim(log)
    try:
        return rest_of(claimed, changes)
    except BaseException:
        claimed.close()
        raise


def rest_of(claimed: LogFile, changes: Mapping[str, object]) -> Plan:
    """Plan the rest of a run whose log is locked already; as `plan_resume`, but the log stays with the caller
    where this raises."""
    seen = DuplicateRule(_rows_at_most(read_run(claimed.path).source))

    def note(result: ResultLine) -> None:
        if result.to and result.status != "skipped" and (result.attempts or result.status != "rejected"):
            try:
                seen.note(result.to, result.row)
            except (ValueError, OverflowError):
                if result.attempts:  # else it is the cell's text, of a row that could not be rendered
                    raise ValueError(f"it tells that row {result.row} was sent to {result.to!r}") from None

    past = read_past(claimed.path, note)
    past.check_resumable()
    run = past.run
    file = load(Path(run.campaign))
    if file.sha256 != run.campaign_sha256:
        raise LogError(
            f"{file.path}: is not the campaign file this run began with; {_mend_of(past, claimed.path)}"
        )
    this_time = {"limit": None, "on_unknown": "hold", "retry_failed": False, "retry_rejected": False}
    known = {name: value for name, value in run.settings.items() if name in Settings.__struct_fields__}
    try:
        settings = msgspec.convert({**known, **this_time, **changes}, Settings)
    except msgspec.ValidationError as error:
        raise LogError(
            f"{claimed.path} is damaged: the settings of its run cannot be used: {error}"
        ) from None
    read = as_settings_say(file, settings)
    path = Path(run.source.path)
    source = open_recipients(read, path)
    if source.sha256() != run.source.sha256:
        raise LogError(
            f"{path}: is not the file of recipients this run began with; its rows would be taken for "
            f"others. Put the original back to resume {claimed.path}"
        )
    rows = source.scan().rows if run.source.rows is None else run.source.rows
    selections = restored(claimed.path, settings.selections)
    rules = rules_of(settings, seen, selections)
    unheard: set[int] = set()
    if settings.on_unknown == "retry-unheard":
        rules.append(UnheardRule(unheard))
    return Plan(
        file=file,
        source=source,
        rows=rows,
        source_sha256=run.source.sha256,
        blueprint=compile_campaign(read, source.header, run.run_id, source.rows),
        settings=settings,
        run_id=run.run_id,
        log=claimed.path,
        rules=rules,
        selections=selections,
        past=past,
        claimed=claimed,
        unheard=unheard,
    )


def _rows_at_most(source: SourceRef) -> int:
    """Return how many rows to make room for: as many as a log tells of, unless its file is too small."""
    try:
        size = Path(source.path).stat().st_size
    except OSError:
        return 0
    return min(source.rows or 0, size)


def _mend_of(past: Past, log: Path) -> str:
    totals = past.totals()
    if not totals.accepted and not totals.unknown:
        return (
            f"nobody was written to under {log}, so start afresh with `wa-bulk send` and another log, "
            "or put the original back to resume it"
        )
    return f"put the original back to resume {log}"


def _slug(name: str) -> str:
    """Turn `name` into a part of a file's name, which has at most 255 bytes in all."""
    slug = "".join(c if c.isalnum() or c in "-_." else "-" for c in name[:50])
    return slug.strip("-.") or "campaign"
