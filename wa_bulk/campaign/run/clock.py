"""Times of day, for people."""

from __future__ import annotations

from datetime import datetime, timedelta


def local_time_in(seconds: float) -> str:
    """Tell the local time in `seconds` from now, as in `Wed 25 Nov 14:05`."""
    return f"{datetime.now().astimezone() + timedelta(seconds=seconds):%a %d %b %H:%M}"
