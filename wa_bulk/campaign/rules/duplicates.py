"""Which person's number came before, and in which row: exact, in at most 16 bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from wa_bulk.api.one_person import FIRST_DIGITS, person_key
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule

ASKED_BEFORE_SLOTS = 16
"""Questions answered by a search through all numbers before the slots are filled: that takes as long."""

PEOPLE_AT_ONCE = 1 << 16
"""At least so many keys are given at once, but for the last, and less than twice as many: half a MiB."""

SLOTS_PER_ROW = 1.9
"""With 8 bytes for the number of each row and 4 for each slot: 15.6 bytes a row."""


class DuplicateRule(RowRule):
    """Skips a row whose number belongs to another: to the first one that could be sent to it.

    A hash table with open addressing over two flat arrays: the number that each row brought, as an integer,
    and slots that hold row numbers, 0 where free. A dict would take ten times the memory.
    """

    shows_unsent = True

    def __init__(self, rows: int) -> None:
        """Make room for rows 1 to `rows`. A later row makes it grow, which costs a pass over all."""
        self._forget(rows)
        self._is_new = True

    def _forget(self, rows: int) -> None:
        self._numbers = array("Q", [0]) * (rows + 1)
        self._slots = _free_slots(rows)
        self._in_slots = True
        self._asked = 0  # since numbers were noted without a slot

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Know on leaving what was known before: no row that it is for may have been asked about yet."""
        known = None if self._is_new else self._numbers[:]
        rows = len(self._numbers) - 1
        try:
            yield
        finally:
            if known is None:
                del self._numbers, self._slots  # before there are new ones
                self._forget(rows)
            else:
                self._numbers, self._in_slots, self._asked = known, False, 0

    def note(self, number: str, row: int) -> None:
        """Note that row `row` has this number (E.164 with `+`).

        Much faster than `skip` where a million are noted without a question between them.
        """
        if row >= len(self._numbers):
            self._grow(row)
        self._numbers[row] = int(person_key(number))
        self._in_slots = self._is_new = False

    def skip(self, row: RenderedRow) -> str | None:
        """Name the row that has the number: the first that could be sent, or, where that was refused, a later
        one that was sent in its place. Since no row is sent beside that one, a row that a log with a lost end
        leaves in doubt is shown not to have been."""
        number, row_number, numbers = row.to, row.number, self._numbers
        if number[1] in FIRST_DIGITS:
            number = person_key(number)
        key = int(number)
        if not self._in_slots:
            self._asked += 1
            if self._asked <= ASKED_BEFORE_SLOTS:
                with suppress(ValueError):
                    return _named(numbers.index(key), row_number)
                if row_number >= len(numbers):
                    self._grow(row_number)
                numbers[row_number] = key
                return None
            self._fill_slots()
        slots = self._slots
        slot = hash(number) % len(slots)
        while first := slots[slot]:
            if numbers[first] == key:
                return _named(first, row_number)
            slot -= 1  # below 0, indices go on from the end
        try:
            numbers[row_number] = key
            slots[slot] = row_number
        except IndexError:
            self._grow(row_number)  # from now on the slots are not used, until they are filled anew
            numbers[row_number] = key
        return None

    def people(self, rows: Iterable[range]) -> Iterator[array[int]]:
        """Yield the keys of the numbers that these rows brought, without duplicates', some at a time."""
        people = array("Q")
        for some in rows:
            for first in range(some.start, some.stop, PEOPLE_AT_ONCE):
                people += self._numbers[first : min(first + PEOPLE_AT_ONCE, some.stop)]
                if len(people) >= PEOPLE_AT_ONCE:
                    yield people
                    people = array("Q")
        if people:
            yield people

    def _fill_slots(self) -> None:
        numbers = self._numbers
        del self._slots  # before there are new ones: they are half of all the memory
        self._slots = slots = _free_slots(len(numbers))
        self._in_slots, self._asked = True, 0
        count = len(slots)
        for row, key in enumerate(numbers):
            if key:
                slot = hash(f"+{key}") % count
                while (first := slots[slot]) and numbers[first] != key:
                    slot -= 1
                if not first:
                    slots[slot] = row

    def _grow(self, row: int) -> None:
        self._numbers.extend(array("Q", [0]) * (row * 5 // 4 + 1 - len(self._numbers)))
        self._in_slots = False


def _named(first: int, row_number: int) -> str | None:
    return None if first == row_number else f"duplicate of row {first}"


def _free_slots(rows: int) -> array[int]:
    return array("I", [0]) * int(rows * SLOTS_PER_ROW + 8)
