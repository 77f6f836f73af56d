"""What a receiver has seen since it began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from wa_bulk.callbacks.row import kind_of
from wa_bulk.callbacks.store import Recorded


class Counters(Struct):
    """Requests and rows; every number counts since the receiver began.

    `states` are the new rows by their status; `on_row_skipped` those for which the host's own code was not
    called because it was too far behind.
    """

    requests: int = 0
    probes: int = 0
    rows: int = 0
    repeated: int = 0
    states: Counter[str] = field(default_factory=Counter)
    responses: int = 0
    notifications: int = 0
    unreadable: int = 0
    stops: int = 0
    starts: int = 0
    bad_signatures: int = 0
    garbage: int = 0
    refused_size: int = 0
    not_kept: int = 0
    not_stored: int = 0
    on_row_failed: int = 0
    on_row_skipped: int = 0

    def count(self, recorded: Recorded) -> None:
        """Count what was stored."""
        self.rows += len(recorded.new)
        self.repeated += recorded.repeated
        for row in recorded.new:
            match kind_of(row):
                case "status" if row.status is not None:
                    self.states[row.status.message_status] += 1
                case "response":
                    self.responses += 1
                case "notification":
                    self.notifications += 1
                case _:
                    self.unreadable += 1
        wishes: Sequence[str] = [opt_out.wish for opt_out in recorded.opt_outs]
        self.stops += wishes.count("stop")
        self.starts += wishes.count("start")
