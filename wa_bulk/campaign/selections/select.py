"""From what the user wrote to a rule of the run."""

from __future__ import annotations

from collections.abc import Sequence

from wa_bulk.campaign.file import CampaignFile
from wa_bulk.campaign.recipients import columns_in
from wa_bulk.campaign.rules.selection import Kind, SelectionRule
from wa_bulk.campaign.selections.listed import from_file
from wa_bulk.campaign.selections.logged import DEFAULT_STATUSES, OpenDeliveries, from_log
from wa_bulk.campaign.selections.spec import SelectionError, parse


def select(
    chosen: Sequence[tuple[Kind, str]], file: CampaignFile, open_deliveries: OpenDeliveries
) -> list[SelectionRule]:
    """Return the rules that these options stand for, each an option and its value.

    Raises SelectionError (no such file or status, nobody in it), LogError, SourceError, HistoryError.
    """
    return [_rule(kind, text, file, open_deliveries) for kind, text in chosen]


def _rule(kind: Kind, text: str, file: CampaignFile, open_deliveries: OpenDeliveries) -> SelectionRule:
    spec = parse(text)
    if not spec.is_log:
        columns = columns_in(file.message.get("to"))
        return SelectionRule(kind, spec.named, from_file(spec.path, columns, file.country), frozenset({1}))
    if kind == "exclude":
        raise SelectionError(f"{text} is a log: write --except {text}; --exclude takes a file of numbers")
    numbers, wanted, run_id = from_log(spec.path, spec.statuses or DEFAULT_STATUSES, open_deliveries)
    rule = SelectionRule(kind, spec.named, numbers, wanted, run_id)
    if kind == "only" and next(rule.numbers(), None) is None:
        statuses = " or ".join(spec.statuses or DEFAULT_STATUSES)
        raise SelectionError(f"--only {text}: nobody in {spec.path} is {statuses}, so nothing would be sent")
    return rule
