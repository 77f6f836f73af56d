"""Callbacks received, stored and read: what became of messages after the API took them."""

from typing import TYPE_CHECKING

from wa_bulk.lazy import lazy_names

if TYPE_CHECKING:
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

_HOMES = {
    "COUNTERS": "wa_bulk.callbacks.app",
    "CallbackStore": "wa_bulk.callbacks.store",
    "Counters": "wa_bulk.callbacks.counters",
    "HEADER": "wa_bulk.callbacks.signature",
    "HEALTH_PATH": "wa_bulk.callbacks.app",
    "Limits": "wa_bulk.callbacks.limits",
    "OnRow": "wa_bulk.callbacks.hook",
    "OptOut": "wa_bulk.callbacks.opt_out",
    "OptOutWords": "wa_bulk.callbacks.words",
    "ReceivedRow": "wa_bulk.callbacks.row",
    "Recorded": "wa_bulk.callbacks.store",
    "START_WORDS": "wa_bulk.callbacks.words",
    "STOP_WORDS": "wa_bulk.callbacks.words",
    "listening": "wa_bulk.callbacks.server",
    "parse_callback": "wa_bulk.callbacks.parse",
    "receiver_app": "wa_bulk.callbacks.app",
    "verify_signature": "wa_bulk.callbacks.signature",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(globals(), _HOMES, "wa_bulk.api.callbacks")
