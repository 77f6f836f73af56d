"""The codes of a cluster's books, one byte a row: a log's row states, and rows that are to be sent again.

A row that is to be sent again keeps saying what it was until it is: it counts as that, and whoever takes its
chunk sees it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wa_bulk.ledger.log_format import Totals
from wa_bulk.ledger.row_states import CODES, CUT_OFF, NEVER, RowState
from wa_bulk.send.outcome import Status

AGAIN: dict[Status, int] = {"failed": 7, "unknown": 8, "rejected": 9}
"""The code of a row with this status that is to be sent again."""
INTENDED = 0x80

STATUS_OF: dict[int, Status] = {
    **{code: status for status, code in CODES.items()},
    **{code: status for status, code in AGAIN.items()},
    CUT_OFF: "unknown",
}
CLAIMABLE: dict[int, RowState] = {
    NEVER: "never",
    CUT_OFF: "cut off",
    **{code: status for status, code in AGAIN.items()},
}
"""Codes of rows that somebody still has to go through, and what a claim calls them."""
MAYBE_TAKEN = (CODES["unknown"], CUT_OFF, AGAIN["unknown"])


def totals_of(counts: Mapping[int, int]) -> Totals:
    """Count rows by status, given how many have each code."""
    totals = dict.fromkeys(CODES, 0)
    for code, count in counts.items():
        if code:
            totals[STATUS_OF[code]] += count
    return Totals(**totals)
