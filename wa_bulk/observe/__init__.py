"""What a program may watch while messages are sent."""

from wa_bulk.observe.observer import LoggingObserver, Observer

__all__ = ["LoggingObserver", "Observer"]
