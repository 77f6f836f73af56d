"""A local EngageLab: the vendor's endpoints, an inbox, status callbacks, and faults on purpose."""

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
    "BEHAVIOURS": "behaviour",
    "Behaviour": "behaviour",
    "CallbackSettings": "callbacks",
    "Delivery": "delivery",
    "FaultSettings": "faults",
    "Latency": "faults",
    "Record": "models",
    "Review": "templates",
    "Sandbox": "server",
    "SandboxSettings": "settings",
    "StoreError": "database",
    "serve": "server",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a public name on first use (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"wa_bulk.sandbox.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
