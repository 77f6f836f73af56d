"""An observer whose errors go no further."""

from __future__ import annotations

import logging

from wa_bulk.arguments import check_methods
from wa_bulk.observe.observer import Observer

_log = logging.getLogger("wa_bulk")
_METHODS = ("on_attempt", "on_retry", "on_slow_down", "on_settled")


class GuardedObserver:
    """Passes all on to an observer, and logs what it raises: no message may suffer from being watched."""

    def __init__(self, observer: Observer) -> None:
        """Raise TypeError for an observer that lacks a method."""
        check_methods("observer", observer, _METHODS, "wa_bulk.observe.Observer")
        self._on_attempt = observer.on_attempt
        self._on_retry = observer.on_retry
        self._on_slow_down = observer.on_slow_down
        self._on_settled = observer.on_settled

    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        """Tell that one request ended."""
        try:
            self._on_attempt(latency_ms=latency_ms, http_status=http_status, code=code)
        except Exception:
            _log.exception("the observer raised in on_attempt")

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        """Tell that a message is to be sent again."""
        try:
            self._on_retry(attempt=attempt, wait_s=wait_s)
        except Exception:
            _log.exception("the observer raised in on_retry")

    def on_slow_down(self, *, wait_s: float) -> None:
        """Tell that a sending number's pace slows."""
        try:
            self._on_slow_down(wait_s=wait_s)
        except Exception:
            _log.exception("the observer raised in on_slow_down")

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        """Tell that a message has its outcome."""
        try:
            self._on_settled(status=status, attempts=attempts, latency_ms=latency_ms)
        except Exception:
            _log.exception("the observer raised in on_settled")
