"""The account's memory, as the commands open it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.history import History


def memory_path() -> Path:
    """Return the file of the memory, by the environment's WA_BULK_DB and WA_BULK_BASE_URL."""
    from wa_bulk.history import history_path
    from wa_bulk.send.account import BASE_URL_VARIABLE

    return history_path(os.environ.get(BASE_URL_VARIABLE, "").strip() or None)


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
        raise Problem(
            str(error),
            "Nothing was sent, since it may hold the numbers of people who are not to be written to.",
            "To send all the same: respect_suppression = false in the campaign file.",
        ) from error


@contextmanager
def in_words() -> Iterator[None]:
    """Raise Problem in place of a HistoryError."""
    from wa_bulk.history import HistoryError

    try:
        yield
    except HistoryError as error:
        raise Problem(str(error)) from error


@contextmanager
def open_memory() -> Iterator[History]:
    """Open the memory, and make it where there is none. Raises Problem where it cannot be used."""
    from wa_bulk.history import History

    with in_words(), History.open(memory_path()) as history:
        yield history
