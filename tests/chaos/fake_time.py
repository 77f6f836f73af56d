"""Wrong clocks for whole processes, by libfaketime: the wall clock's, as a machine's whose time is off."""

from __future__ import annotations

from pathlib import Path

MINUTES_5 = 300
PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")


def off_by(seconds: int) -> dict[str, str]:
    """Give an environment in which the clock is off by so much."""
    return {**_preloaded(), "FAKETIME": f"{seconds:+d}"}


def _preloaded() -> dict[str, str]:
    found = [path for place in PLACES for path in Path("/").glob(place[1:])]
    assert found, "these tests need libfaketime (Debian: apt install faketime)"
    return {"LD_PRELOAD": str(found[0]), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
