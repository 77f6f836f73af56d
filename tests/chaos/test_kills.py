import pytest

from tests.chaos.attack import attacks

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLS = 36
ROWS = 1_500
FIRST_SEED = 1


async def test_the_books_balance_after_any_number_of_kills() -> None:
    kills = 0
    async for tale in attacks(KILLS, ROWS, FIRST_SEED):
        print(tale)
        assert not tale.faults, str(tale)
        kills += tale.kills
    assert kills == KILLS
