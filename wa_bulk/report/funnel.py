"""How far the messages of a run have come, by what callbacks said of them.

`wa-bulk report --json` prints `Delivery` and `DeliveryDetails` as they stand; their names are kept stable.
"""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from wa_bulk.api.callbacks import META_ERRORS
from wa_bulk.api.number_validity import country_of
from wa_bulk.callbacks.join import MessageIds, rows_heard
from wa_bulk.history.delivery import Deliveries, MessageState, RowDelivery
from wa_bulk.ledger.log_format import ResultLine, RunLine
from wa_bulk.ledger.row_states import RowStates
from wa_bulk.report.measures import Latency, LatencyCounts

NO_CODE = {
    "target_invalid": "The recipient is not valid",
    "sent_failed": "The message could not be sent",
    "delivered_failed": "The message could not be delivered",
}
"""What is known of a failure that came without a code."""

_UNIT_MS = 100
"""Times from the first accepted row on are kept in tenths of a second: four bytes suffice for 13 years."""
_COUNTRIES_MOST = 255
_START = 8
"""Characters of a number, its `+` among them, that tell its country, also where several share a code."""
_STARTS_MOST = 100_000
_GROWS_BY = 1 << 16


class Failure(Struct):
    """Rows that failed for one reason: Meta's code, where there is one, and its meaning."""

    code: int | None
    text: str
    rows: int


class Delivery(Struct):
    """Rows that came at least that far: read ones are among `delivered`, these among `sent`.

    `failed` rows are among neither `delivered` nor `read`. `unheard` are accepted rows that no callback spoke
    of. `failures` begin with the most frequent.
    """

    sent: int
    delivered: int
    read: int
    failed: int
    unheard: int
    failures: list[Failure]


class Share(Struct):
    """The part of the rows that goes to one country, or comes from one sending number.

    `accepted` is None for a sending number, which the log does not name. `name` is empty where it is not
    known.
    """

    name: str
    accepted: int | None = None
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0


class DeliveryDetails(Struct):
    """What else callbacks tell.

    Rows that were `sent_twice`; rows `not_settled`, that were taken and are not accepted in the log; the
    times from accepted to delivered and to read, to the second, as the vendor has them.
    """

    sent_twice: int
    not_settled: int
    to_delivered_ms: Latency | None
    to_read_ms: Latency | None
    countries: list[Share]
    senders: list[Share]


class AcceptedRows:
    """The accepted rows of a log: when, to which country, as which message. Ten bytes a row."""

    def __init__(self) -> None:
        self.ids = MessageIds()
        self._at = array("I")
        self._began_ms: int | None = None
        self._last_at, self._last_ms = "", 0
        self._countries = bytearray()
        self._names: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}
        self._of_start: dict[str, int] = {}

    def note(self, line: ResultLine) -> None:
        """Take in the next result of the log, where it is `accepted`."""
        row = line.row
        if row >= len(self._countries):
            missing = row + _GROWS_BY - len(self._countries)
            self._countries.extend(bytes(missing))
            self._at.frombytes(bytes(self._at.itemsize * missing))
        self.ids.note(line)
        self._countries[row] = self._country_number(line.to or "")
        if line.settled_by is None:  # else it says when that came to light
            self._at[row] = self._since_began(line.at)

    def accepted_ms(self, row: int) -> int | None:
        """Return when a row was accepted, milliseconds since 1970; None where the log does not say."""
        at = self._at[row] if row < len(self._at) else 0
        return (self._began_ms or 0) + (at - 1) * _UNIT_MS if at else None

    def country(self, row: int) -> str:
        """Return the country that a row went to; empty where it is not known."""
        return self._names[self._countries[row]] if row < len(self._countries) else ""

    def by_country(self, states: RowStates) -> Counter[str]:
        """Count the accepted rows."""
        counted: Counter[str] = Counter()
        for rows in states.rows_in("accepted"):
            part = self._countries[rows[0] : rows[-1] + 1]
            for number, name in enumerate(self._names):
                if found := part.count(number):
                    counted[name] += found
        return counted

    def _since_began(self, at: str) -> int:
        if at != self._last_at:
            self._last_at, self._last_ms = at, round(datetime.fromisoformat(at).timestamp() * 1000)
            if self._began_ms is None:
                self._began_ms = self._last_ms
        return max(0, self._last_ms - (self._began_ms or 0)) // _UNIT_MS + 1

    def _country_number(self, to: str) -> int:
        start = to[:_START]
        number = self._of_start.get(start)
        if number is None:
            if len(self._of_start) == _STARTS_MOST:
                self._of_start.clear()
            number = self._of_start[start] = self._number_of(country_of(to) or "")
        return number

    def _number_of(self, country: str) -> int:
        number = self._numbers.get(country)
        if number is None:
            number = len(self._names) if len(self._names) < _COUNTRIES_MOST else 0
            self._numbers[country] = number
            if number:
                self._names.append(country)
        return number


class Funnel:
    """Counts rows by how far they have come."""

    def __init__(self, states: RowStates, accepted: AcceptedRows) -> None:
        self._states = states
        self._accepted = accepted
        self._heard = self._heard_and_accepted = 0
        self._sent_twice = 0
        self._failures: Counter[tuple[int | None, str]] = Counter()
        self._to_delivered, self._to_read = LatencyCounts(), LatencyCounts()
        self._countries: dict[str, Share] = {}
        self._senders: dict[str, Share] = {}

    def add(self, row: RowDelivery) -> None:
        """Take in a row that callbacks spoke of."""
        best, number = row.best, row.row
        self._heard += 1
        self._heard_and_accepted += self._states.state(number) == "accepted"
        self._sent_twice += self._accepted.ids.tells_of_another(row)
        name = self._accepted.country(number) or country_of(row.to) or ""
        country = self._countries.get(name) or self._countries.setdefault(name, Share(name, 0))
        name = best.sender or ""
        sender = self._senders.get(name) or self._senders.setdefault(name, Share(name))
        state = best.state
        if state in NO_CODE:
            self._failures[best.code, "" if best.code else state] += 1
            country.failed += 1
            sender.failed += 1
        delivered = state in ("delivered", "read")
        if delivered or best.sent_ms is not None or state in ("sent", "delivered_timeout"):
            country.sent += 1
            sender.sent += 1
        if delivered:
            country.delivered += 1
            sender.delivered += 1
            self._time(number, best)
        if state == "read":
            country.read += 1
            sender.read += 1

    def delivery(self) -> Delivery | None:
        """Return the sums; None where callbacks spoke of no row."""
        if not self._heard:
            return None
        countries = self._countries.values()
        failures = [
            Failure(code, _meaning(code, state), rows) for (code, state), rows in self._failures.most_common()
        ]
        return Delivery(
            sent=sum(one.sent for one in countries),
            delivered=sum(one.delivered for one in countries),
            read=sum(one.read for one in countries),
            failed=sum(one.failed for one in countries),
            unheard=max(0, self._states.totals().accepted - self._heard_and_accepted),
            failures=failures,
        )

    def details(self) -> DeliveryDetails:
        """Return what else is known."""
        for name, rows in self._accepted.by_country(self._states).items():
            self._countries.setdefault(name, Share(name, 0)).accepted = rows
        return DeliveryDetails(
            sent_twice=self._sent_twice,
            not_settled=self._heard - self._heard_and_accepted,
            to_delivered_ms=self._to_delivered.summary(),
            to_read_ms=self._to_read.summary(),
            countries=sorted(self._countries.values(), key=lambda one: (-(one.accepted or 0), one.name)),
            senders=sorted(self._senders.values(), key=lambda one: (-one.sent, one.name)),
        )

    def _time(self, row: int, best: MessageState) -> None:
        accepted_ms = self._accepted.accepted_ms(row)
        if accepted_ms is None:
            return
        if best.delivered_ms is not None:
            self._to_delivered.add(max(0, best.delivered_ms - accepted_ms))
        if best.read_ms is not None:
            self._to_read.add(max(0, best.read_ms - accepted_ms))


def funnel_of(
    log: Path, run: RunLine, states: RowStates, accepted: AcceptedRows, deliveries: Deliveries
) -> Funnel:
    """Return how far the rows of a log have come. Raises LogError and HistoryError."""
    funnel = Funnel(states, accepted)
    for row in rows_heard(log, run, deliveries):
        funnel.add(row)
    return funnel


def _meaning(code: int | None, state: str) -> str:
    if code is None:
        return NO_CODE[state]
    known = META_ERRORS.get(code)
    return known.meaning if known is not None else "A reason that is not known to wa-bulk"
