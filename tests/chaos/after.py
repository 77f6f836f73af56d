"""What a test asks about a campaign once its processes have ended."""

from __future__ import annotations

from collections import Counter

from tests.chaos.balance import faults
from tests.chaos.books import Books
from tests.chaos.campaign import Campaign


def books(campaign: Campaign) -> Books:
    return Books(campaign.log.read_bytes())


def end_of(campaign: Campaign) -> tuple[str | None, str]:
    """Why the last process says it stopped, and its words on it."""
    end = books(campaign).end
    assert end is not None
    return end["stopped"], end.get("detail", "")


def statuses(campaign: Campaign) -> Counter[str]:
    return Counter(result["status"] for result in books(campaign).last_result.values())


def requests_by_row(campaign: Campaign) -> Counter[int]:
    return Counter(arrival.row for arrival in campaign.server.arrivals())


def never_seen_but_unknown(campaign: Campaign) -> set[int]:
    """Rows that the log does not know the fate of, though the server never saw them."""
    after = books(campaign).stretches[-1].after
    in_doubt = {row for row, state in after.items() if state in ("unknown", "open", "held")}
    return in_doubt - set(requests_by_row(campaign))


async def all_sent_once(campaign: Campaign) -> None:
    """Goes on to the end: every row accepted, and not one request more than rows."""
    life = await campaign.resume()
    assert life.exit_code == 0, life.stderr
    assert faults(campaign) == []
    assert statuses(campaign) == {"accepted": len(campaign.wanted)}
    accepted = Counter(arrival.row for arrival in campaign.server.arrivals() if arrival.accepted)
    assert set(accepted.values()) == {1}
