"""What the vendor estimated that messages cost, as callbacks brought it (`delivery_estimate_cost`)."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from wa_bulk.history.inbox import Inbox

_PER_USD = 10_000
_SINCE_DAYS = 30
_DAY_MS = 86_400_000


class CostEstimates(Struct, frozen=True):
    """How many estimates came, and their mean in USD."""

    count: int
    mean_usd: float


def cost_estimates(inbox: Inbox, *, now_ms: int) -> CostEstimates | None:
    """Return the estimates of the last 30 days; None where there are none. May raise HistoryError."""
    amounts = [
        amount / _PER_USD
        for row in inbox.rows("notification")
        if row.at_ms >= now_ms - _SINCE_DAYS * _DAY_MS and (amount := _amount(row.body)) is not None
    ]
    return CostEstimates(len(amounts), sum(amounts) / len(amounts)) if amounts else None


def _amount(body: bytes) -> float | None:
    """Return the estimated cost in a notification, in the vendor's unit."""
    try:
        notification = msgspec.json.decode(body)["notification"]
        amount = notification["notification_data"]["estimated_cost"]
        is_one = notification["event"] == "delivery_estimate_cost"
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None
    return float(amount) if is_one and isinstance(amount, (int, float)) and amount >= 0 else None
