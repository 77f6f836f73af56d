"""A log, read by a reader that shares nothing with the package's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

NEVER, CUT_OFF = "never", "cut off"
STATUSES = ("accepted", "rejected", "failed", "unknown", "skipped")


def lines_of(data: bytes) -> Iterator[dict[str, Any]]:
    """Read every line that can be read, and pass over the rest."""
    for raw in data.split(b"\n"):
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict) and "type" in line:
            yield line


class LogView:
    """What a log says of each row, and of its last stretch.

    `lost` are the rows that count as cut off, since their stretch lost lines: by the number of the stretch.
    """

    def __init__(self, data: bytes, lost: Mapping[int, set[int]] | None = None) -> None:
        self._lost = lost or {}
        self.known: dict[int, str] = {}
        self.open: set[int] = set()
        """Intended in the last stretch, and nothing since."""
        self.before: dict[int, str] = {}
        """What was known of rows when the last stretch began."""
        self.results: dict[int, dict[str, Any]] = {}
        """The last result of each row."""
        self.lines: Counter[int] = Counter()
        """How many results each row has."""
        self.runs = 0
        self.end: dict[str, Any] | None = None
        """The end line of the last stretch."""
        for line in lines_of(data):
            self._follow(line)

    def state(self, row: int) -> str:
        """Tell what is known of a row, as if nobody were at work."""
        return CUT_OFF if row in self.open else self.known.get(row, NEVER)

    def totals(self) -> Counter[str]:
        """Count the rows by status, those cut off as unknown."""
        states = Counter(self.state(row) for row in self.known.keys() | self.open)
        states["unknown"] += states.pop(CUT_OFF, 0)
        states.pop(NEVER, None)
        return +states

    def _follow(self, line: dict[str, Any]) -> None:
        rows = range(line["rows"][0], line["rows"][1] + 1) if "rows" in line else range(0)
        match line["type"]:
            case "run":
                self.known |= dict.fromkeys(self.open | self._lost.get(self.runs, set()), CUT_OFF)
                self.open.clear()
                self.before = dict(self.known)
                self.end = None
                self.runs += 1
            case "intent":
                self.open.update(row for row in rows if self.known.get(row) not in ("accepted", "skipped"))
            case "withdrawn":
                self.open.difference_update(rows)
            case "reopened":
                self.known |= dict.fromkeys([row for row in rows if self.known.get(row) == "rejected"], NEVER)
            case "result":
                self.open.discard(line["row"])
                self.known[line["row"]] = line["status"]
                self.results[line["row"]] = line
                self.lines[line["row"]] += 1
            case "end":
                self.end = line
