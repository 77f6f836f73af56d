import asyncio

import pytest

from wa_bulk.campaign.run.gates import outage as module
from wa_bulk.campaign.run.gates.outage import SUSPICION, Outage
from wa_bulk.send.outcome import Outcome

REFUSED = Outcome("failed", message="connection refused", attempts=5)
ERROR = Outcome("failed", message="internal error", http_status=500, code=1000, attempts=5)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0.004)


def watched(limit: float = 60) -> tuple[Outage, list[str]]:
    given_up: list[str] = []
    outage = Outage(limit, given_up.append)
    return outage, given_up


def is_away(outage: Outage) -> bool:
    return outage.away


async def test_a_refused_connection_is_never_a_rows_own_fault() -> None:
    outage, _ = watched()
    assert await outage.is_to_blame(REFUSED, outage.answers)
    assert is_away(outage)
    assert "connection refused" in outage.words
    outage.answered()
    assert not is_away(outage)
    assert outage.words == ""


async def test_a_row_failing_while_others_are_answered_fails_by_itself() -> None:
    outage, _ = watched()
    for _ in range(3 * SUSPICION):
        before = outage.answers
        outage.answered()
        assert not await outage.is_to_blame(ERROR, before)
    assert not is_away(outage)


async def test_errors_for_every_row_in_a_row_are_an_outage() -> None:
    outage, _ = watched()
    blamed = [await outage.is_to_blame(ERROR, outage.answers) for _ in range(SUSPICION)]
    assert blamed == [False] * (SUSPICION - 1) + [True]


async def test_an_answer_in_between_begins_the_count_anew() -> None:
    outage, _ = watched()
    for _ in range(SUSPICION - 1):
        await outage.is_to_blame(ERROR, outage.answers)
    outage.answered()
    assert not await outage.is_to_blame(ERROR, outage.answers)


async def test_one_asks_and_the_others_wait_until_it_is_answered() -> None:
    outage, _ = watched()
    asked = 0

    async def row() -> bool:
        nonlocal asked
        while await outage.is_to_blame(REFUSED, outage.answers):
            if not outage.away:
                return True
            asked += 1
            if asked == 5:
                outage.answered()
                return True
        return False

    assert await asyncio.gather(*(row() for _ in range(20))) == [True] * 20
    assert asked == 5


async def test_after_the_limit_it_gives_up_and_says_so() -> None:
    outage, given_up = watched(limit=0.01)
    tries = 0
    while not given_up:
        assert await outage.is_to_blame(REFUSED, outage.answers) or given_up
        tries += 1
    assert tries > 1
    assert given_up[0].startswith("the server was away for")
    assert "connection refused" in given_up[0]


async def test_halting_lets_everybody_go() -> None:
    outage, _ = watched()
    rows = [asyncio.create_task(outage.is_to_blame(REFUSED, outage.answers)) for _ in range(5)]
    waiting = asyncio.create_task(outage.until_back())
    await asyncio.sleep(0)
    outage.halt()
    await waiting
    assert await asyncio.gather(*rows) == [False] * 5
    assert not await outage.is_to_blame(REFUSED, outage.answers)


async def test_a_request_that_gets_through_unanswered_lets_everybody_try() -> None:
    """Whoever asks may not be answered, and has no other row to ask with: nobody must wait for it."""
    outage, _ = watched()
    assert await outage.is_to_blame(REFUSED, outage.answers)
    others = asyncio.create_task(outage.is_to_blame(REFUSED, outage.answers))
    await asyncio.sleep(0)
    outage.reached()
    assert await others
    assert not is_away(outage)
    assert outage.answers == 0
