"""What a program may watch while messages are sent."""

from wa_bulk.observe.guarded import GuardedObserver
from wa_bulk.observe.observer import LoggingObserver, Observer

__all__ = ["GuardedObserver", "LoggingObserver", "Observer"]
