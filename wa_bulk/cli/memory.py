"""The account's memory, as the commands open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.history import History, HistoryError


def memory_path() -> Path:
    """Return the file of the memory, by the environment's WA_BULK_DB and WA_BULK_BASE_URL."""
    from wa_bulk.history import history_path
    from wa_bulk.send.account import base_url_from_env

    return history_path(base_url_from_env())


def respect_suppression(plan: Plan, base_url: str) -> None:
    """Have `plan` pass over the numbers that the account's memory says are not to be written to.

    Raises Problem where there is a memory that cannot be read: it may hold people's STOP.
    """
    from wa_bulk.campaign.rules.suppression import SuppressionRule
    from wa_bulk.history import History, HistoryError, history_path

    if not plan.file.respect_suppression:
        return
    try:
        history = History.open_existing(history_path(base_url))
        if history is not None:
            plan.rules.insert(0, SuppressionRule(history.suppression_list()))
    except HistoryError as error:
        raise unreadable(error) from error


def unreadable(error: HistoryError) -> Problem:
    """Return what to say where nothing is sent since the memory cannot be read."""
    return Problem(
        str(error),
        "Nothing was sent, since it may hold the numbers of people who are not to be written to.",
        "To send all the same: respect_suppression = false in the campaign file.",
    )


def existing_memory(base_url: str | None) -> History | None:
    """Open the memory for an API at `base_url`, the environment's where it is None; None where there is none.

    Raises HistoryError where it cannot be used.
    """
    from wa_bulk.history import History, history_path
    from wa_bulk.send.account import base_url_from_env

    return History.open_existing(history_path(base_url or base_url_from_env()))


def open_memory() -> History:
    """Open the memory, and make it where there is none. Raises HistoryError where it cannot be used."""
    from wa_bulk.history import History

    return History.open(memory_path())
