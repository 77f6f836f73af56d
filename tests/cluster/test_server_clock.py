"""Another machine's clock, as replies tell of it."""

import random

from wa_bulk.cluster.server_clock import ServerClock


def test_it_is_never_too_early_and_hardly_late() -> None:
    chance, clock = random.Random(1), ServerClock()
    ahead = 1_700_000_000.0  # of this process's clock
    now = 100.0
    for _ in range(1000):
        there, back = chance.uniform(0.0001, 0.050), chance.uniform(0.0001, 0.050)
        clock.seen(now + there + ahead, now, now + there + back)
        now += there + back + 0.020
        late = clock.local(now + ahead) - now
        assert late >= -1e-6
    assert late < 0.005


def test_a_clock_that_is_put_back_or_forth_is_believed_at_once() -> None:
    clock = ServerClock()
    for at, ahead in ((10.0, 500.0), (11.0, 200.0), (12.0, 900.0)):
        clock.seen(at + 0.001 + ahead, at, at + 0.002)
        assert 0 <= clock.local(at + 1 + ahead) - (at + 1) <= 0.0011
