"""Everything that can be found wrong with a campaign without sending it, and a look at one request."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from wa_bulk.api.number_validity import number_doubt
from wa_bulk.campaign.file import load
from wa_bulk.campaign.media import MediaFindings
from wa_bulk.campaign.request.blueprint import compile_campaign
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.rules.selection import SelectionRule
from wa_bulk.campaign.run.plan import recipients_of, rules_of
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import SourceError, SourceRow
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.campaign.template_check import AccountTemplates, AskAccount, hold_against
from wa_bulk.send.outcome import Status

FAULTS_KEPT = 1000
"""Faults a report holds; further ones are only counted."""

ROWS_BETWEEN_NEWS = 256

PREVIEW_RUN_ID = "preview"


class RowFault(Struct, frozen=True):
    """What is wrong with a row. `rejected` and `skipped` rows would not be sent; `warning` rows would.

    `row` counts rows of data, `line` is the line of the file it begins in, both from 1.
    """

    row: int
    line: int
    to: str | None
    status: Status | str
    reason: str


class CheckReport(Struct, frozen=True):
    """What a run would make of a campaign. `faults` are the first FAULTS_KEPT of all.

    `errors` stand in the way of every row; `notes` are rules of Meta's that apply to the template.
    """

    campaign: str
    recipients: str
    rows: int
    ready: int
    rejected: int
    skipped: int
    doubtful: int
    errors: list[str]
    warnings: list[str]
    notes: list[str]
    faults: list[RowFault]
    media: MediaFindings | None = None
    """What the links lead to, where they were looked at."""


def check(
    campaign: Path,
    *,
    recipients: Path | None = None,
    settings: Settings | None = None,
    selections: Sequence[SelectionRule] = (),
    on_rows: Callable[[int, int], object] | None = None,
    ask_account: AskAccount | None = None,
) -> CheckReport:
    """Go through every row as a run would, and ask of each number whether it can exist.

    `ask_account` tells what the account says of the templates used; without it they are not looked at.
    `on_rows` is told (rows done, rows in all) now and then. Raises CampaignError and SourceError where no
    run could begin.
    """
    settings = settings or Settings()
    file = load(campaign)
    source = open_source(recipients_of(file, recipients))
    blueprint = compile_campaign(file, source.header, PREVIEW_RUN_ID)
    account = ask_account(blueprint, source) if ask_account is not None else AccountTemplates()
    findings = hold_against(blueprint, account)
    scan = source.scan()
    faults: list[RowFault] = []
    counts: Counter[str] = Counter()

    def fault(row: SourceRow, to: str | None, status: str, reason: str) -> None:
        counts[status] += 1
        if len(faults) < FAULTS_KEPT:
            faults.append(RowFault(row.number, row.line, to, status, reason))

    row_check = RowCheck(blueprint, rules_of(settings, DuplicateRule(scan.rows), selections))
    last = settings.limit or scan.rows
    for row in itertools.takewhile(lambda row: row.number <= last, source.rows()):
        checked = row_check.new(row)
        if isinstance(checked, LeftOut):
            fault(row, checked.to, checked.status, checked.reason)
        else:
            counts["ready"] += 1
            if doubt := number_doubt(checked.to):
                fault(row, checked.to, "warning", doubt)
        if on_rows is not None and not row.number % ROWS_BETWEEN_NEWS:
            on_rows(row.number, scan.rows)
    if on_rows is not None:
        on_rows(last, scan.rows)
    return CheckReport(
        campaign=str(campaign),
        recipients=str(source.path),
        rows=scan.rows,
        ready=counts["ready"],
        rejected=counts["rejected"],
        skipped=counts["skipped"],
        doubtful=counts["warning"],
        errors=findings.errors,
        warnings=[*blueprint.warnings, *findings.warnings],
        notes=findings.notes,
        faults=faults,
    )


def preview(campaign: Path, row: int, *, recipients: Path | None = None) -> bytes:
    """Return the exact request for data row `row` (from 1), as JSON; its run id is `preview`.

    Raises CampaignError, SourceError (no such row, or one that cannot be read) and RowRefused.
    """
    file = load(campaign)
    source = open_source(recipients_of(file, recipients))
    blueprint = compile_campaign(file, source.header, PREVIEW_RUN_ID)
    seen = 0
    for found in source.rows():
        seen = found.number
        if found.number == row:
            if found.problem is not None:
                raise SourceError(f"{source.path}, row {row}: {found.problem}")
            return blueprint.render(row, found.values).payload
    raise SourceError(f"{source.path}: has no row {row}; its last is {seen}")
