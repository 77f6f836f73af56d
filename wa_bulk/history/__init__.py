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
from wa_bulk.history.run_log import caught_up
from wa_bulk.history.runs import RunRecord, Runs, RunState, StoppedBy
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
    "RowDelivery",
    "RunRecord",
    "RunState",
    "Runs",
    "Source",
    "StoppedBy",
    "StoredRow",
    "Suppressed",
    "Suppression",
    "SuppressionList",
    "caught_up",
    "history_path",
    "person_of",
]
