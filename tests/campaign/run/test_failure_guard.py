import pytest

from wa_bulk.campaign.run.failure_guard import RECENT, FailureGuard


def trips(guard: FailureGuard) -> bool:
    return guard.verdict is not None


def test_a_run_of_refusals_in_a_row_stops() -> None:
    guard = FailureGuard(max_in_a_row=3, max_share=0)
    for _ in range(2):
        guard.refused("HTTP 400")
    guard.accepted()
    for _ in range(2):
        guard.refused("HTTP 400")
    assert not trips(guard)
    guard.refused("HTTP 400: no")
    assert guard.verdict == "3 messages in a row were not accepted; the last: HTTP 400: no"


def test_a_share_of_the_recent_stops_once_there_are_enough() -> None:
    guard = FailureGuard(max_in_a_row=0, max_share=0.5)
    for i in range(RECENT):
        assert not trips(guard)
        guard.refused("no") if i % 2 else guard.accepted()
    assert not trips(guard), "half is not more than half"
    guard.refused("no")
    assert f"of the last {RECENT}" in str(guard.verdict)


def test_old_refusals_are_forgotten() -> None:
    guard = FailureGuard(max_in_a_row=0, max_share=0.1)
    for _ in range(RECENT // 10):
        guard.refused("no")
    for _ in range(RECENT * 2):
        guard.accepted()
    for _ in range(RECENT // 10):
        guard.refused("no")
    assert not trips(guard)


@pytest.mark.parametrize("count", [1, 1000])
def test_zero_turns_it_off(count: int) -> None:
    guard = FailureGuard(max_in_a_row=0, max_share=0)
    for _ in range(count):
        guard.refused("no")
    assert not trips(guard)
