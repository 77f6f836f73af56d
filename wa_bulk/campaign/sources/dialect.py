"""By which character a CSV file's cells are parted: what its first line says, or what fits its rows."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
import unicodedata
from collections.abc import Collection

DELIMITERS = ",;\t|"

_SAMPLE_ROWS = 50
_UNSEEN = r"\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_AROUND = re.compile(rf"\A[\s{_UNSEEN}]+|[\s{_UNSEEN}]+\Z").sub
_HINT = re.compile(r'"?sep=([^\w\s"]|\t)"?([,;\t|]*)[ ]*(?:\r\n?|\n)', re.IGNORECASE)
"""A first line by which Excel tells itself the delimiter. Saved again, it ends in as many as other rows."""


def excel_hint(sample: str) -> str | None:
    """Return the delimiter that a first line such as `sep=;` names, None where there is no such line."""
    hint = _HINT.match(sample)
    return None if hint is None else (hint[2] or hint[1])[0]


def fitting_delimiter(sample: str, columns: Collection[str] = ()) -> str:
    """Find the delimiter of the text that a file begins with.

    The one by which the header has all of `columns`, the campaign's, wins; then the one by which most of the
    first rows are as wide as the header, and the wider the better.
    """

    def fit(delimiter: str) -> tuple[bool, float, int]:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
        read: list[list[str]] = []
        with contextlib.suppress(csv.Error):
            read += (row for row in itertools.islice(rows, _SAMPLE_ROWS) if any(map(str.strip, row)))
        if not read:
            return True, 1, 0
        names = {column_name(name) for name in read[0]}
        widths = [len(row) for row in read]
        share = widths.count(widths[0]) / len(widths) if widths[0] > 1 else 0
        return names.issuperset(columns), share, widths[0]

    return max(DELIMITERS, key=fit)


def column_name(text: str) -> str:
    """Return the name that a header's cell gives to its column.

    In NFC, without what is around it and cannot be seen: blanks, byte order marks, marks of direction.
    """
    return unicodedata.normalize("NFC", _AROUND("", text))
