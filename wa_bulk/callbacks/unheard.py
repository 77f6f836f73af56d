"""Rows in doubt that were most likely never taken, since callbacks have come for nearly all others.

Callbacks come for what was taken. A row in doubt of which none speaks, although it is as old as accepted rows
of which they do, was either not taken or is one of the few whose callbacks were lost. How many those are is
measured by the accepted rows.
"""

from __future__ import annotations

from msgspec import Struct

from wa_bulk.callbacks.join import rows_heard
from wa_bulk.callbacks.settle import SETTLED_BY
from wa_bulk.history.delivery import Deliveries
from wa_bulk.ledger.log_format import ResultLine, RunLine, timestamp
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import Past

_ACCEPTED, _IN_DOUBT, _SETTLED = 1, 2, 3


class Unheard(Struct, frozen=True, kw_only=True):
    """The rows of a log that no callback speaks of, and how much that proves.

    `rows` are in doubt and old enough, `young` are in doubt and not. `accepted` rows are old enough and their
    replies say that they were taken; `heard` of these callbacks speak of. `settled` rows were in doubt once,
    until a callback spoke of them.
    """

    rows: frozenset[int]
    young: int
    accepted: int
    heard: int
    settled: int

    @property
    def share_heard(self) -> float:
        """The share of the old accepted rows that callbacks speak of, 0 where there are none."""
        return self.heard / self.accepted if self.accepted else 0.0

    @property
    def doubles(self) -> float:
        """How many people would get the message twice, at most, if `rows` were sent again: an expectation.

        A row that was taken goes unheard as often as an accepted one does. At most all that are or were in
        doubt had been taken.
        """
        missed = 1 - self.share_heard
        return min(float(len(self.rows)), missed * (len(self.rows) + self.settled))


def find_unheard(past: Past, deliveries: Deliveries, *, before_ms: int, cut_off_ms: int) -> Unheard:
    """Find the rows in doubt that are older than `before_ms`, in a log that was settled just now.

    `cut_off_ms` is when the log was last written to by a run that sent: rows that were cut off left before
    that. Times are milliseconds since 1970. Memory stays at one byte a row. Raises LogError and HistoryError.
    """
    before = timestamp(before_ms)
    old = bytearray()
    has_sent, is_cut_off_old = False, False
    for line in read(past.path):
        if isinstance(line, RunLine):
            if not line.only_settles:
                has_sent, is_cut_off_old = True, cut_off_ms <= before_ms
            elif has_sent:
                has_sent, is_cut_off_old = False, is_cut_off_old or line.at <= before
        elif isinstance(line, ResultLine) and line.status in ("accepted", "unknown"):
            if line.row >= len(old):
                old.extend(bytes(line.row + (1 << 16) - len(old)))
            if line.settled_by == SETTLED_BY:
                old[line.row] = _SETTLED
            elif line.at > before:
                old[line.row] = 0
            else:
                old[line.row] = _ACCEPTED if line.status == "accepted" else _IN_DOUBT
    heard = 0
    for delivery in rows_heard(past.path, past.run, deliveries):
        heard += delivery.row < len(old) and old[delivery.row] == _ACCEPTED
    states = past.states
    rows = {
        row for part in states.rows_in("unknown") for row in part if row < len(old) and old[row] == _IN_DOUBT
    }
    if is_cut_off_old:
        rows.update(row for part in states.rows_in("cut off") for row in part)
    in_doubt = past.totals().unknown
    return Unheard(
        rows=frozenset(rows),
        young=in_doubt - len(rows),
        accepted=old.count(_ACCEPTED),
        heard=heard,
        settled=old.count(_SETTLED),
    )
