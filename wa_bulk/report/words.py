"""Numbers, times and causes, as a person reads them."""

import re
from collections.abc import Sequence

from wa_bulk.report.tally import Cause

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def duration(seconds: float) -> str:
    """Return a length of time for a person: `8.1 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds:.0f} s"


def counted(number: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def cause_in_words(cause: Cause) -> str:
    """Describe a cause in a line: code or HTTP status, then what was said."""
    text = cause.text or "no reason given"
    if cause.code is not None:
        return f"{cause.code}: {text}"
    return f"HTTP {cause.http_status}: {text}" if cause.http_status is not None else text


def rows_in_words(first: Sequence[int], rows: int) -> str:
    """Name the first rows of some: `row 7`, `rows 7, 12, 40 and 9 more`."""
    numbers = ", ".join(f"{row}" for row in first)
    more = f" and {rows - len(first):,} more" if rows > len(first) else ""
    return f"row{'' if rows == 1 else 's'} {numbers}{more}"


def percent(number: int, of: int) -> str:
    """Return a share, never rounded to nothing: `90.8%`, `<0.1%`; empty for none."""
    if not number:
        return ""
    share = number / of
    return f"{share:.1%}" if share >= 0.001 else "<0.1%"


def when(at: str) -> str:
    """Return a time of the log without its fractions: `2026-03-01 12:00:05`."""
    return at[:19].replace("T", " ")


def plain(text: str) -> str:
    """Return `text` for a terminal: control characters are shown as escapes.

    With them, a server or a CSV could move the cursor, rename the window or turn a line around.
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
