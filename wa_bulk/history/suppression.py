"""Who is not to be written to, and why.

A person may be entered by several sources at once, and each is lifted on its own: writing START undoes what
STOP did and nothing else. Order does not matter: of a STOP and a START the later one counts, whenever they
come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from wa_bulk.history.database import Database, Row, now_ms
from wa_bulk.history.person import person_of

Source = Literal["stop", "meta", "user", "import"]
"""Who entered a number: the person's STOP, Meta's code 131050, the user, an imported file."""

_ENTER = """
INSERT INTO suppressed (person, source, number, reason, at_ms, change)
VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(change), 0) + 1 FROM suppressed))
ON CONFLICT (person, source) DO UPDATE SET number = excluded.number, reason = excluded.reason,
    at_ms = excluded.at_ms, change = excluded.change,
    lifted_ms = CASE WHEN excluded.source IN ('user', 'import') THEN -1 ELSE lifted_ms END
WHERE excluded.at_ms > at_ms OR (excluded.source IN ('user', 'import') AND lifted_ms > at_ms)
"""

_LIFT = """
INSERT INTO suppressed (person, source, number, reason, at_ms, lifted_ms, change)
VALUES (?1, ?2, ?3, '', -1, ?4, (SELECT coalesce(max(change), 0) + 1 FROM suppressed))
ON CONFLICT (person, source) DO UPDATE SET lifted_ms = excluded.lifted_ms, change = excluded.change
WHERE excluded.lifted_ms > lifted_ms
"""

_REMOVE = """
UPDATE suppressed SET lifted_ms = max(?2, at_ms + 1),
    change = (SELECT max(change) + 1 FROM suppressed)
WHERE person = ?1 AND at_ms >= lifted_ms
"""

_ENTRIES = "SELECT person, number, source, reason, at_ms FROM suppressed WHERE at_ms >= lifted_ms"


_LATEST_MS = 253_402_300_799_999
"""The end of the year 9999."""


class Suppressed(Struct, frozen=True, kw_only=True):
    """One number on the list. `number` is as it was given, `at_ms` since when, milliseconds since 1970."""

    number: str
    source: Source
    reason: str
    at_ms: int

    @property
    def words(self) -> str:
        """The reason as a run's log gives it: `suppressed: wrote STOP on 2026-11-25`."""
        return f"suppressed: {self.reason} on {datetime.fromtimestamp(self.at_ms / 1000, UTC):%Y-%m-%d}"


def enter(database: Database, number: str, source: Source, reason: str, at_ms: int) -> None:
    """Put a number on the list, within the caller's transaction."""
    _enter(database, person_of(number), Suppressed(number=number, source=source, reason=reason, at_ms=at_ms))


def _enter(database: Database, person: str, entry: Suppressed) -> None:
    database.run(_ENTER, (person, entry.source, entry.number, entry.reason, entry.at_ms))


def lift_stop(database: Database, number: str, at_ms: int) -> None:
    """Undo what STOP did before `at_ms`, and nothing else, within the caller's transaction."""
    database.run(_LIFT, (person_of(number), "stop", number, at_ms))


class Suppression:
    """The account's list. Every method may raise HistoryError; what it writes is on disk when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entries: Iterable[Suppressed]) -> int:
        """Put these on the list in one go, and return how many were not on it, or not from that source."""
        added = 0
        with self._database.transaction():
            for entry in entries:
                person = person_of(entry.number)
                key = (person, entry.source)
                added += self._database.one(f"{_ENTRIES} AND person = ? AND source = ?", key) is None
                _enter(self._database, person, entry)
        return added

    def remove(self, numbers: Iterable[str]) -> list[str]:
        """Take these off the list, whoever entered them, and return those that were not on it."""
        at_ms = now_ms()
        with self._database.transaction():
            return [
                number for number in numbers if not self._database.run(_REMOVE, (person_of(number), at_ms))
            ]

    def entries(self) -> Iterator[Suppressed]:
        """Yield all that is on the list, by number: one entry for each source that entered it."""
        last = ("", "")
        while page := self._database.all(
            f"{_ENTRIES} AND (person, source) > (?, ?) ORDER BY person, source LIMIT 1000", last
        ):
            yield from (_entry(values) for values in page)
            last = (page[-1][0], page[-1][2])

    def since(self, at_ms: int) -> list[Suppressed]:
        """Return what was entered since then (milliseconds since 1970)."""
        return [_entry(values) for values in self._database.all(f"{_ENTRIES} AND at_ms >= ?", (at_ms,))]

    def of(self, number: str) -> Suppressed | None:
        """Return the oldest entry of a number, None where it may be written to."""
        found = self._database.one(f"{_ENTRIES} AND person = ? ORDER BY at_ms", (person_of(number),))
        return None if found is None else _entry(found)

    def last_change(self) -> int:
        """Return the number of the last change of the list; changes are numbered from 1."""
        return self._database.number("SELECT coalesce(max(change), 0) FROM suppressed")

    def changes(self, after: int, most: int = 10_000) -> tuple[dict[str, Suppressed | None], int]:
        """Return whose entries changed after change `after`, and the number of the last change told of.

        People are told by their keys (`person_of`), each with the oldest entry that is left, None where they
        may be written to.
        """
        found = self._database.all(
            "SELECT person, number, change FROM suppressed WHERE change > ? ORDER BY change LIMIT ?",
            (after, most),
        )
        return {person: self.of(number) for person, number, _ in found}, found[-1][2] if found else after


class SuppressionList:
    """The list held in memory, for asking it once a row; `refresh` brings it up to date.

    What was read stays in use where a refresh fails, so that a memory lost during a run costs no one's STOP.
    """

    def __init__(self, database: Database) -> None:
        """Read the list. Raises HistoryError."""
        self._database = database
        self.people: dict[str, dict[str, Suppressed]] = {}
        """Who is on the list, by their keys (`person_of`), with their entries; stays the same object."""
        self._seen = 0
        self.refresh()

    def __len__(self) -> int:
        return len(self.people)

    def get(self, number: str) -> Suppressed | None:
        """Return the oldest entry of a number, None where it may be written to."""
        own = self.people.get(person_of(number))
        return min(own.values(), key=lambda entry: entry.at_ms) if own else None

    def refresh(self) -> bool:
        """Take in what changed since, and return whether anything did. Raises HistoryError."""
        changed = self._database.all(
            "SELECT person, number, source, reason, at_ms, lifted_ms, change FROM suppressed "
            "WHERE change > ? ORDER BY change",
            (self._seen,),
        )
        for values in changed:
            person, source = values[0], values[2]
            if values[4] >= values[5]:
                self.people.setdefault(person, {})[source] = _entry(values)
            elif own := self.people.get(person):
                own.pop(source, None)
                if not own:
                    del self.people[person]
            self._seen = values[6]
        return bool(changed)


def _entry(values: Row) -> Suppressed:
    at_ms = min(max(values[4], 0), _LATEST_MS)  # whatever the file says: a date must come of it
    return Suppressed(number=values[1], source=values[2], reason=values[3], at_ms=at_ms)
