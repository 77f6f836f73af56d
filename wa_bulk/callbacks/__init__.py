"""Callbacks received, stored and read: what became of messages after the API took them."""

from wa_bulk.api.callbacks import (
    CallbackBatch,
    CallbackRow,
    MessageStatus,
    NotificationReport,
    ResponseReport,
    StatusData,
    StatusReport,
)
from wa_bulk.callbacks.app import COUNTERS, HEALTH_PATH, receiver_app
from wa_bulk.callbacks.counters import Counters
from wa_bulk.callbacks.hook import OnRow
from wa_bulk.callbacks.limits import Limits
from wa_bulk.callbacks.opt_out import OptOut
from wa_bulk.callbacks.parse import parse_callback
from wa_bulk.callbacks.row import ReceivedRow
from wa_bulk.callbacks.server import listening
from wa_bulk.callbacks.signature import HEADER, verify_signature
from wa_bulk.callbacks.store import CallbackStore, Recorded
from wa_bulk.callbacks.words import START_WORDS, STOP_WORDS, OptOutWords

__all__ = [
    "COUNTERS",
    "HEADER",
    "HEALTH_PATH",
    "START_WORDS",
    "STOP_WORDS",
    "CallbackBatch",
    "CallbackRow",
    "CallbackStore",
    "Counters",
    "Limits",
    "MessageStatus",
    "NotificationReport",
    "OnRow",
    "OptOut",
    "OptOutWords",
    "ReceivedRow",
    "Recorded",
    "ResponseReport",
    "StatusData",
    "StatusReport",
    "listening",
    "parse_callback",
    "receiver_app",
    "verify_signature",
]
