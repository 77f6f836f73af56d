"""A local EngageLab: the vendor's endpoints, an inbox, status callbacks, and faults on purpose."""

from wa_bulk.lazy import lazy_names

TYPE_CHECKING = False  # not typing's: pytest loads this package at every start, for its plugin
if TYPE_CHECKING:
    from wa_bulk.sandbox.behaviour import BEHAVIOURS, Behaviour
    from wa_bulk.sandbox.callbacks import CallbackSettings
    from wa_bulk.sandbox.database import StoreError
    from wa_bulk.sandbox.delivery import Delivery
    from wa_bulk.sandbox.faults import FaultSettings, Latency
    from wa_bulk.sandbox.models import Record
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
    "StoreError",
    "serve",
]

_HOMES = {
    "BEHAVIOURS": "wa_bulk.sandbox.behaviour",
    "Behaviour": "wa_bulk.sandbox.behaviour",
    "CallbackSettings": "wa_bulk.sandbox.callbacks",
    "Delivery": "wa_bulk.sandbox.delivery",
    "FaultSettings": "wa_bulk.sandbox.faults",
    "Latency": "wa_bulk.sandbox.faults",
    "Record": "wa_bulk.sandbox.models",
    "Review": "wa_bulk.sandbox.templates",
    "Sandbox": "wa_bulk.sandbox.server",
    "SandboxSettings": "wa_bulk.sandbox.settings",
    "StoreError": "wa_bulk.sandbox.database",
    "serve": "wa_bulk.sandbox.server",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(globals(), _HOMES)
