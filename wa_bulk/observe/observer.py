"""The observer: called as things happen, in the event loop, between two requests. It must be fast."""

from __future__ import annotations

import logging
from typing import Protocol


class Observer(Protocol):
    """What happens while messages are sent, as numbers. Times in seconds, latencies in milliseconds.

    An exception raised by one of its methods is logged and goes no further: no message may suffer from being
    watched.
    """

    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        """One request ended: `http_status` is None where no reply came, `code` where it brought none."""

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        """Learn that a message is to be sent again in `wait_s`, `attempt` requests having failed."""

    def on_slow_down(self, *, wait_s: float) -> None:
        """Learn that the server says "too fast": a sending number's pace slows, after a wait of `wait_s`."""

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        """Learn that a message has its outcome; `latency_ms` is that of its last attempt."""


class LoggingObserver:
    """An observer that logs: retries and slow-downs as INFO, the rest as DEBUG."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        """Log to `logger`, `wa_bulk.observe` unless given."""
        self._log = logger or logging.getLogger("wa_bulk.observe")

    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        """Log one request."""
        self._log.debug("attempt: HTTP %s, code %s, %.1f ms", http_status, code, latency_ms)

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        """Log a retry."""
        self._log.info("retry: after attempt %d, in %.2f s", attempt, wait_s)

    def on_slow_down(self, *, wait_s: float) -> None:
        """Log a slower pace."""
        self._log.info("slow down: wait %.1f s", wait_s)

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        """Log an outcome."""
        self._log.debug("settled: %s after %d attempts", status, attempts)
