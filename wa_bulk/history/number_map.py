"""Phone numbers, compared as people, each with a byte: exact, in at most 15 bytes a number."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from wa_bulk.api.one_person import FIRST_DIGITS, person_key

SLOTS_PER_NUMBER = 1.6
"""With 8 bytes for the number and one for its value in each slot: 14.4 bytes a number."""

_MIX = 0x9E3779B97F4A7C15
_64_BITS = (1 << 64) - 1


def key_of(number: str) -> int:
    """Return the key under which the person behind an E.164 number (with `+`) is remembered.

    Raises ValueError for what is no number.
    """
    return int(person_key(number) if number[1:2] in FIRST_DIGITS else number)


class NumberMap:
    """A map from keys of numbers to values from 1 to 255; 0 stands for a number that is not in it.

    A hash table with open addressing over two flat arrays, of a size that is settled at the start.
    """

    def __init__(self, numbers: int) -> None:
        """Make room for that many distinct numbers."""
        self._slots = int(numbers * SLOTS_PER_NUMBER) + 8
        self._keys = array("Q", [0]) * self._slots
        self._values = bytearray(self._slots)

    def get(self, key: int) -> int:
        """Return the value of a number, 0 where it has none."""
        keys = self._keys  # as `_slot`, without a call
        slot = (key * _MIX & _64_BITS) % self._slots
        while (found := keys[slot]) != key:
            if not found:
                return 0
            slot -= 1
        return self._values[slot]

    def raise_to(self, key: int, value: int) -> None:
        """Give a number this value, unless it has a higher one."""
        slot = self._slot(key)
        self._keys[slot] = key
        if value > self._values[slot]:
            self._values[slot] = value

    def add_bits(self, key: int, bits: int) -> None:
        """Set these bits in a number's value."""
        slot = self._slot(key)
        self._keys[slot] = key
        self._values[slot] |= bits

    def keys_of(self, values: frozenset[int]) -> Iterator[int]:
        """Yield the numbers that have any of these values, in no particular order."""
        for key, value in zip(self._keys, self._values, strict=True):
            if key and value in values:
                yield key

    def _slot(self, key: int) -> int:
        keys = self._keys
        slot = (key * _MIX & _64_BITS) % self._slots
        while (found := keys[slot]) != key and found:
            slot -= 1  # below 0, indices go on from the end
        return slot
