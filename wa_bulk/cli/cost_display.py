"""To which countries a campaign goes and what it will cost, as `wa-bulk check` shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.cli.problem import Problem
from wa_bulk.report.words import counted, plain

if TYPE_CHECKING:
    from rich.console import Console

    from wa_bulk.campaign.check import CheckReport
    from wa_bulk.campaign.costs import Rates
    from wa_bulk.history.cost_estimates import CostEstimates

_LINES = 8


def rates_in(path: Path) -> Rates:
    """Read the prices of messages. Raises Problem where they cannot be used."""
    from wa_bulk.campaign.costs import RatesError, read_rates

    try:
        return read_rates(path)
    except RatesError as error:
        raise Problem(str(error)) from None


def known_estimates(base_url: str | None) -> CostEstimates | None:
    """Return what the account's memory has of EngageLab's own estimates; None where it cannot be read."""
    from wa_bulk.cli.memory import existing_memory
    from wa_bulk.history import HistoryError
    from wa_bulk.history.cost_estimates import cost_estimates
    from wa_bulk.history.database import now_ms

    try:
        history = existing_memory(base_url)
        if history is None:
            return None
        with history:
            return cost_estimates(history.inbox, now_ms=now_ms())
    except HistoryError:
        return None


def show_destinations(console: Console, report: CheckReport, *, with_rates: bool) -> None:
    """Print the messages by country and category, and with rates what they cost."""
    from rich.table import Table

    costs = report.costs
    if not report.ready:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "right", "right"):
        table.add_column(justify=justify)
    for cost in costs[:_LINES]:
        table.add_row(
            f"  {cost.country or 'no country'}",
            plain(cost.category or "category not known"),
            f"{cost.messages:,}",
            "" if cost.price is None else f"at {cost.price:g}",
            "" if cost.sum is None else f"{cost.sum:,.2f} {cost.currency}",
        )
    if rest := costs[_LINES:]:
        table.add_row(f"  {len(rest):,} others", "", f"{sum(cost.messages for cost in rest):,}", "", "")
    console.print()
    console.print(table)
    if with_rates and not report.cost_sums:
        console.print("  costs not known: there is no rate for any of these")
    elif with_rates:
        total = " + ".join(f"{amount:,.2f} {currency}" for currency, amount in report.cost_sums.items())
        without = sum(cost.messages for cost in costs if cost.price is None)
        left_out = f"; {counted(without, 'message')} left out, for want of a rate" if without else ""
        console.print(f"  costs {total} by these rates{left_out}")


def show_estimates(console: Console, report: CheckReport, estimates: CostEstimates | None) -> None:
    """Print what EngageLab itself estimated lately, beside what the rates say."""
    if estimates is None:
        return
    of_the_month = f"{counted(estimates.count, 'notification')} of the last 30 days"
    console.print(f"  EngageLab's own estimates ({of_the_month}): {estimates.mean_usd:.4f} USD on average")
    in_usd = [cost for cost in report.costs if cost.currency == "USD"]
    if messages := sum(cost.messages for cost in in_usd):
        mean = sum(cost.sum or 0 for cost in in_usd) / messages
        console.print(f"  these rates: {mean:.4f} USD a message on average")
