import math

from wa_bulk.send.transport.patience import Patience


def test_late_is_what_was_late_at_the_look_before() -> None:
    patience = Patience(5.0)
    assert patience.interval == 0.5
    patience.begin(100.0)
    assert patience.late_before(100.5) == -math.inf
    assert patience.late_before(101.0) == 95.5
    assert patience.late_before(101.5) == 96.0


def test_a_process_that_stood_still_gives_nothing_up_at_once() -> None:
    patience = Patience(5.0)
    patience.begin(100.0)
    patience.late_before(100.5)
    assert patience.late_before(135.0) == -math.inf
    assert patience.late_before(135.5) == 130.0


def test_a_program_that_is_always_slow_still_has_timeouts() -> None:
    patience = Patience(5.0)
    patience.begin(100.0)
    late = [patience.late_before(100.0 + 2 * look) for look in range(1, 9)]
    assert late[0] == -math.inf
    assert late[1::2] == [97.0, 101.0, 105.0, 109.0]


def test_beginning_again_forgets() -> None:
    patience = Patience(1.0)
    assert patience.interval == 0.1
    patience.begin(0.0)
    patience.late_before(0.1)
    patience.begin(50.0)
    assert patience.late_before(50.1) == -math.inf
