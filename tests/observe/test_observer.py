"""Observers by themselves; what a client tells them is in tests/send/test_client_options.py."""

import logging

import pytest

from wa_bulk.observe import GuardedObserver, LoggingObserver


class Raising:
    def on_attempt(self, *, latency_ms: float, http_status: int | None, code: int | None) -> None:
        raise ValueError(latency_ms)

    def on_retry(self, *, attempt: int, wait_s: float) -> None:
        raise ValueError(attempt)

    def on_slow_down(self, *, wait_s: float) -> None:
        raise ValueError(wait_s)

    def on_settled(self, *, status: str, attempts: int, latency_ms: float | None) -> None:
        raise ValueError(status)


def test_what_an_observer_raises_is_logged_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    guarded = GuardedObserver(Raising())
    guarded.on_attempt(latency_ms=1.0, http_status=None, code=None)
    guarded.on_retry(attempt=1, wait_s=1.0)
    guarded.on_slow_down(wait_s=1.0)
    guarded.on_settled(status="accepted", attempts=1, latency_ms=None)
    assert [record.getMessage().rsplit(" ", 1)[1] for record in caplog.records] == [
        "on_attempt",
        "on_retry",
        "on_slow_down",
        "on_settled",
    ]
    assert all(record.exc_info for record in caplog.records)


def test_an_interrupt_is_no_error_of_the_observers() -> None:
    class Interrupting(Raising):
        def on_slow_down(self, *, wait_s: float) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        GuardedObserver(Interrupting()).on_slow_down(wait_s=1.0)


def test_an_observer_that_lacks_a_method_is_refused() -> None:
    class Half:
        def on_attempt(self, **facts: object) -> None:
            pass

        on_settled = None

    with pytest.raises(TypeError, match="Half has no on_retry, on_slow_down, on_settled: see"):
        GuardedObserver(Half())  # type: ignore[arg-type]


def test_the_logging_one_writes_to_the_logger_it_is_given(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mine")
    observer = LoggingObserver(logging.getLogger("mine"))
    observer.on_attempt(latency_ms=12.34, http_status=200, code=None)
    observer.on_retry(attempt=1, wait_s=0.5)
    observer.on_slow_down(wait_s=2.0)
    observer.on_settled(status="accepted", attempts=2, latency_ms=12.34)
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("mine", "DEBUG", "attempt: HTTP 200, code None, 12.3 ms"),
        ("mine", "INFO", "retry: after attempt 1, in 0.50 s"),
        ("mine", "INFO", "slow down: wait 2.0 s"),
        ("mine", "DEBUG", "settled: accepted after 2 attempts"),
    ]
