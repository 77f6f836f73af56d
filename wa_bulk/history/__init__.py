"""The account's memory, one SQLite file: callbacks by message, suppressed numbers, runs."""

from wa_bulk.history.delivery import RANK, STATES, Deliveries, MessageState, RowDelivery
from wa_bulk.history.errors import (
    DB_VARIABLE,
    HistoryDamaged,
    HistoryError,
    HistoryForeign,
    HistoryLocked,
    HistoryNewer,
    HistoryUnavailable,
)
from wa_bulk.history.history import History
from wa_bulk.history.inbox import Inbox, Kind, StoredRow
from wa_bulk.history.location import history_path
from wa_bulk.history.person import person_of
from wa_bulk.history.runs import Overlap, RunRecord, Runs, RunState
from wa_bulk.history.suppression import Source, Suppressed, Suppression, SuppressionList

__all__ = [
    "DB_VARIABLE",
    "RANK",
    "STATES",
    "Deliveries",
    "History",
    "HistoryDamaged",
    "HistoryError",
    "HistoryForeign",
    "HistoryLocked",
    "HistoryNewer",
    "HistoryUnavailable",
    "Inbox",
    "Kind",
    "MessageState",
    "Overlap",
    "RowDelivery",
    "RunRecord",
    "RunState",
    "Runs",
    "Source",
    "StoredRow",
    "Suppressed",
    "Suppression",
    "SuppressionList",
    "history_path",
    "person_of",
]
