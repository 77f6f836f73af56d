from __future__ import annotations

import time

import pytest

from wa_bulk.callbacks.limits import Bucket, Gate, Limits, TooMuch


def test_a_bucket_lets_a_seconds_worth_through_and_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    bucket = Bucket(3)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    now_s += 0.4
    assert [bucket.take() for _ in range(2)] == [True, False]
    now_s += 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


async def test_bytes_are_given_back() -> None:
    gate = Gate(Limits(body_bytes=10, bytes_at_once=15))
    with gate.allowance() as first:
        first.take(6)
        first.take(4)
        with gate.allowance() as second, pytest.raises(TooMuch) as caught:
            second.take(6)
        assert caught.value.status == 503
        with pytest.raises(TooMuch) as caught:
            first.take(1)
        assert caught.value.status == 413
    with gate.allowance() as third:
        third.take(10)


async def test_a_slot_is_waited_for_and_given_back() -> None:
    gate = Gate(Limits(requests_at_once=1, wait_s=0))
    async with gate.slot():
        with pytest.raises(TooMuch) as caught:
            async with gate.slot():
                pytest.fail("two are in")
        assert caught.value.status == 503
    async with gate.slot():
        pass
