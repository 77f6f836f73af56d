"""`--only`, `--except` and `--exclude`: who of the recipients is written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from wa_bulk.cli import memory, options

if TYPE_CHECKING:
    from wa_bulk.campaign.file import CampaignFile
    from wa_bulk.campaign.rules.selection import Kind, SelectionRule
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.history import Deliveries

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    options.option(
        "--only",
        multiple=True,
        metavar="SELECTION",
        help="Only people of an earlier run, LOG:STATUS[,STATUS...] (LOG alone: accepted,unknown), or of a "
        "FILE of numbers.",
    ),
    options.option("--except", "except_", multiple=True, metavar="SELECTION", help="All but these people."),
    options.option(
        "--exclude",
        multiple=True,
        metavar="FILE",
        help="All but the people in a CSV or text file of numbers.",
    ),
)


def selecting(command: _F) -> _F:
    """Give a command the options that select recipients, by number."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def selection_notes(plan: Plan) -> list[memory.Note]:
    """Say of each selection of a run how many people it stands for."""
    from wa_bulk.campaign.selections.kept import kept_of

    return [
        (one.kind, f"{one.named} ({one.numbers:,} {'person' if one.numbers == 1 else 'people'})")
        for one in kept_of(plan.settings.selections)
    ]


def selections(
    file: CampaignFile, only: Sequence[str], except_: Sequence[str], exclude: Sequence[str]
) -> list[SelectionRule]:
    """Return the rules that the options stand for.

    Raises SelectionError, and what reading a log, a file of numbers or the memory raises.
    """
    from wa_bulk.campaign.selections.select import select

    chosen: list[tuple[Kind, str]] = [("only", text) for text in only]
    chosen += [("except", text) for text in except_]
    chosen += [("exclude", text) for text in exclude]
    if not chosen:
        return []
    from wa_bulk.cli.progress import reading

    with ExitStack() as opened, reading("reading who is selected …"):

        def deliveries(base_url: str | None) -> Deliveries | None:
            history = memory.existing_memory(base_url)
            return None if history is None else opened.enter_context(history).deliveries

        return select(chosen, file, deliveries)
