"""Everything that can be found wrong with a campaign without sending it, and a look at one request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from wa_bulk.campaign.costs import Cost, Rates, by_category, priced, sums
from wa_bulk.campaign.examination import FaultCause, RowFault, examine
from wa_bulk.campaign.file import CampaignError, load
from wa_bulk.campaign.media import MediaFindings
from wa_bulk.campaign.recipients import as_settings_say, gives_sheet, open_recipients, recipients_of
from wa_bulk.campaign.request.blueprint import RowRefused, compile_campaign
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.rules.selection import SelectionRule
from wa_bulk.campaign.run.plan import put_before_duplicates, rules_of
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.campaign.template_check import AccountTemplates, AskAccount, hold_against

FAULTS_KEPT = 1000
"""Faults a report holds; further ones are only counted."""

PREVIEW_RUN_ID = "preview"


class CheckReport(Struct, frozen=True):
    """What a run would make of a campaign. `faults` are the first FAULTS_KEPT of all, `causes` count all of
    them; `doubtful` rows have a number that nobody can have, `warned` ones any other warning.

    `errors` stand in the way of every row; `notes` are rules of Meta's that apply to the template. `costs`
    are the ready rows by country and category, with prices where there are rates for them, and `cost_sums`
    adds these up by currency.
    """

    campaign: str
    recipients: str
    rows: int
    ready: int
    rejected: int
    skipped: int
    doubtful: int
    warned: int
    errors: list[str]
    warnings: list[str]
    notes: list[str]
    costs: list[Cost]
    cost_sums: dict[str, float]
    causes: list[FaultCause]
    faults: list[RowFault]
    media: MediaFindings | None = None
    """What the links lead to, where they were looked at."""
    sheet: str | None = None
    """Which sheet of a workbook the recipients are in, in words."""


def check(
    campaign: Path,
    *,
    recipients: Path | None = None,
    settings: Settings | None = None,
    selections: Sequence[SelectionRule] = (),
    suppression: RowRule | None = None,
    on_rows: Callable[[int, int], object] | None = None,
    on_fault: Callable[[RowFault], object] | None = None,
    ask_account: AskAccount | None = None,
    rates: Rates | None = None,
) -> CheckReport:
    """Go through every row as a run would, and ask of each number whether it can exist.

    `suppression` skips the people who are not to be written to. `ask_account` tells what the account says of
    the templates used; without it they are not looked at. `on_rows` is told (rows done, rows in all) now and
    then, `on_fault` every fault. Raises CampaignError and SourceError where no run could begin.
    """
    settings = settings or Settings()
    own = load(campaign)
    file = as_settings_say(own, settings)
    path = recipients_of(file, recipients)
    source = open_recipients(file, path, sheet_is_given=gives_sheet(settings, own))
    blueprint = compile_campaign(file, source.header, PREVIEW_RUN_ID, source.rows)
    account = ask_account(blueprint, source) if ask_account is not None else AccountTemplates()
    findings = hold_against(blueprint, account)
    scan = source.scan()
    rules = rules_of(settings, DuplicateRule(scan.rows), selections)
    if suppression is not None:
        put_before_duplicates(rules, suppression)
    faults: list[RowFault] = []

    def keep(fault: RowFault) -> None:
        if len(faults) < FAULTS_KEPT:
            faults.append(fault)
        if on_fault is not None:
            on_fault(fault)

    found = examine(
        islice(source.rows(), settings.limit),
        blueprint,
        rules,
        on_fault=keep,
        on_rows=None if on_rows is None else lambda rows: on_rows(rows, settings.limit or scan.rows),
    )
    costs = priced(by_category(found.destinations, account), rates or {})
    return CheckReport(
        campaign=str(campaign),
        recipients=str(source.path),
        rows=scan.rows,
        ready=found.ready,
        rejected=found.rejected,
        skipped=found.skipped,
        doubtful=found.doubtful,
        warned=found.warned,
        errors=[*file.marks, *findings.errors],
        warnings=[*blueprint.warnings, *findings.warnings],
        notes=findings.notes,
        costs=costs,
        cost_sums=sums(costs),
        causes=found.causes,
        faults=faults,
        sheet=source.sheet,
    )


def preview(
    campaign: Path,
    row: int,
    *,
    recipients: Path | None = None,
    settings: Settings | None = None,
    ask_account: AskAccount | None = None,
) -> bytes:
    """Return the exact request for data row `row` (from 1), as JSON; its run id is `preview`.

    Raises CampaignError, SourceError (no such row, or one that cannot be read) and RowRefused; with
    `ask_account`, also where campaign or row do not fit the template as the account has it.
    """
    settings = settings or Settings()
    own = load(campaign)
    file = as_settings_say(own, settings)
    path = recipients_of(file, recipients)
    source = open_recipients(file, path, sheet_is_given=gives_sheet(settings, own))
    blueprint = compile_campaign(file, source.header, PREVIEW_RUN_ID, source.rows)
    if ask_account is not None and (errors := hold_against(blueprint, ask_account(blueprint, source)).errors):
        raise CampaignError("\n".join(f"{file.path}: {error}" for error in errors))
    seen = 0
    for found in source.rows():
        seen = found.number
        if found.number == row:
            if found.problem is not None:
                raise SourceError(f"{source.path}, row {row}, line {found.line}: {found.problem}")
            try:
                return blueprint.render(row, found.values).payload
            except RowRefused as refusal:
                refusal.place = f"row {row:,}, line {found.line:,}"
                raise
    raise SourceError(f"{source.path}: has no row {row}; its last is {seen}")
