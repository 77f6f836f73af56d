"""How far messages come, at random."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from wa_bulk.sandbox import Delivery
from wa_bulk.sandbox.delivery import DeliveryPlanner


def ends(delivery: Delivery, seed: int = 1, times: int = 5_000) -> list[str]:
    planner = DeliveryPlanner(delivery, seed)
    last = [planner.steps(None, within_window=True)[-1] for _ in range(times)]
    return [str(step.error or step.status) for step in last]


def test_shares_of_failures_and_of_the_read() -> None:
    counted = Counter(ends(Delivery(failures={"131026": 0.1, "131049": 0.2}, read_share=0.5)))
    assert set(counted) == {"131026", "131049", "delivered", "read"}
    assert 400 < counted["131026"] < 600
    assert 880 < counted["131049"] < 1_120
    assert 0.8 < counted["read"] / counted["delivered"] < 1.25


def test_the_same_seed_gives_the_same_ends() -> None:
    delivery = Delivery(failures={"131026": 0.3}, read_share=0.5)
    assert ends(delivery) == ends(delivery)
    assert ends(delivery) != ends(delivery, seed=2)


def test_paces_stay_within_the_spread() -> None:
    planner = DeliveryPlanner(Delivery(spread=0.2), 1)
    paces = [planner.pace() for _ in range(1_000)]
    assert 0.8 <= min(paces) < 0.85
    assert 1.15 < max(paces) <= 1.2
    assert DeliveryPlanner(Delivery(spread=0), 1).pace() == 1.0


@pytest.mark.parametrize(
    ("failures", "words"),
    [({"1": 0.5}, "no delivery fails with '1'"), ({"131026": 0.6, "131049": 0.6}, "more than 1")],
)
def test_failures_that_make_no_sense(failures: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Delivery(failures=failures)
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"failures": failures}, Delivery)
