"""The account's memory as one object: one connection, and a view for each thing it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from wa_bulk.history.database import LOCKED_AFTER_S, Database
from wa_bulk.history.delivery import Deliveries
from wa_bulk.history.inbox import Inbox
from wa_bulk.history.runs import Runs
from wa_bulk.history.suppression import Suppression, SuppressionList
from wa_bulk.history.unnamed_wishes import give_wishes_by_logs


class History:
    """The account's memory: callbacks, suppressed numbers, runs. Safe for several processes.

    For one thread at a time. Everything may raise HistoryError in one of its kinds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.path = database.path
        self.deliveries = Deliveries(database)
        self.inbox = Inbox(database)
        self.suppression = Suppression(database)
        self.runs = Runs(database)

    @classmethod
    def open(cls, path: Path | str, *, locked_after_s: float = LOCKED_AFTER_S) -> Self:
        """Open the memory at `path`; make it where there is none."""
        return cls(Database.open(path, locked_after_s=locked_after_s))

    @classmethod
    def open_existing(cls, path: Path | str, *, locked_after_s: float = LOCKED_AFTER_S) -> Self | None:
        """Open the memory at `path`, and return None where there is none yet."""
        return cls.open(path, locked_after_s=locked_after_s) if Path(path).exists() else None

    def suppression_list(self) -> SuppressionList:
        """Return the suppressed numbers, held in memory for asking once a row."""
        return SuppressionList(self._database)

    def give_wishes(self) -> None:
        """Let STOPs that came without a number count for whom the logs of their runs name."""
        give_wishes_by_logs(self._database)

    def close(self) -> None:
        """Let the file go. Harmless when it was let go before."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
