"""A seeded mutator, for where no coverage-guided one can be installed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

_TOKENS = (
    *(bytes([one]) for one in b'"{}[],;:\n\0'),
    b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\\u0000", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
    b"null", b"true", b"1e999", b"-1", b"9" * 40, b"{phone}", b"{{", b"}}", b"[" * 300,
)  # fmt: skip


def mutations(corpus: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Yield changed, cut, joined and repeated pieces of `corpus`, for ever; the same ones for a seed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(corpus))
        for _ in range(chance.randint(1, 6)):
            at = chance.randint(0, len(data))
            length = min(chance.choice((1, 1, 4, 16, 64)), len(data) - at)
            match chance.randrange(6):
                case 0:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    data[at:at] = chance.choice(_TOKENS)
                case 2:
                    del data[at : at + length]
                case 3:
                    data[at:at] = data[at : at + length] * chance.randint(1, 5)
                case 4:
                    other = chance.choice(corpus)
                    begin = chance.randint(0, len(other))
                    data[at:] = other[begin:]
                case _:
                    data[at : at + length] = chance.choice(_TOKENS)
        yield bytes(data)
