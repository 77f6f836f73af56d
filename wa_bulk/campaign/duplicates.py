"""Which number came before, and in which row: exact, in at most 16 bytes a row."""

from __future__ import annotations

from array import array

SLOTS_PER_ROW = 1.9
"""With 8 bytes for the number of each row and 4 for each slot: 15.6 bytes a row."""


class Seen:
    """A hash table with open addressing over two flat arrays: the number that each row brought, as an
    integer, and slots that hold row numbers, 0 where free. A dict would take ten times the memory."""

    def __init__(self, rows: int) -> None:
        """Makes room for rows 1 to `rows`. A later row makes it grow, which costs a pass over all."""
        self._numbers = array("Q", [0]) * (rows + 1)
        self._slots = array("I", [0]) * int(rows * SLOTS_PER_ROW + 8)

    def earlier(self, number: str, row: int) -> int | None:
        """The first row that brought this number (E.164 with `+`); None if `row` is the first.

        Each row may bring one number.
        """
        numbers = self._numbers
        if row >= len(numbers):
            self._grow(row)
            numbers = self._numbers
        slots = self._slots
        key = int(number)
        slot = hash(number) % len(slots)
        while first := slots[slot]:
            if numbers[first] == key:
                return first
            slot -= 1  # below 0, indices go on from the end
        slots[slot] = row
        numbers[row] = key
        return None

    def _grow(self, row: int) -> None:
        numbers = self._numbers
        self.__init__(row * 5 // 4)  # type: ignore[misc]
        for earlier_row, key in enumerate(numbers):
            if key:
                self.earlier(f"+{key}", earlier_row)
