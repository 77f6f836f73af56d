"""A local EngageLab: the vendor's endpoints, an inbox, status callbacks, and faults on purpose."""

from wa_bulk.sandbox.behaviour import BEHAVIOURS, Behaviour
from wa_bulk.sandbox.callbacks import CallbackSettings
from wa_bulk.sandbox.faults import FaultSettings, Latency
from wa_bulk.sandbox.journey import Delivery
from wa_bulk.sandbox.record import Record
from wa_bulk.sandbox.server import Sandbox, serve
from wa_bulk.sandbox.settings import SandboxSettings
from wa_bulk.sandbox.templates import Review

__all__ = [
    "BEHAVIOURS",
    "Behaviour",
    "CallbackSettings",
    "Delivery",
    "FaultSettings",
    "Latency",
    "Record",
    "Review",
    "Sandbox",
    "SandboxSettings",
    "serve",
]
