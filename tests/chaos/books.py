"""A log, read by a reader that shares nothing with the one it is to be checked against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

Entry = dict[str, Any]


class Stretch(msgspec.Struct):
    """What one process wrote: its `run` line and those after it. What was known of rows when it began and
    when it ended: a status, `never`, `open` (intended, and no word since) or `held` (open when a process
    died)."""

    run: Entry
    entries: list[Entry]
    before: dict[int, str]
    after: dict[int, str]

    @property
    def ended(self) -> bool:
        """Whether it wrote its end line."""
        return bool(self.entries) and self.entries[-1]["type"] == "end"

    @property
    def intended(self) -> set[int]:
        """Every row it announced."""
        return set().union(
            *(
                range(entry["rows"][0], entry["rows"][1] + 1)
                for entry in self.entries
                if entry["type"] == "intent"
            )
        )


class Books:
    """A log, read."""

    def __init__(self, log: bytes) -> None:
        self.faults: list[str] = []
        self.last_result: dict[int, Entry] = {}
        self.stretches: list[Stretch] = []
        known: dict[int, str] = {}
        opened: set[int] = set()
        for entry in self._entries(log):
            match entry["type"]:
                case "run":
                    if self.stretches:
                        self._close(known, opened)
                    known |= dict.fromkeys(opened, "held")
                    opened.clear()
                    self.stretches.append(Stretch(entry, [], dict(known), {}))
                    continue
                case "intent":
                    opened |= {
                        row
                        for row in range(entry["rows"][0], entry["rows"][1] + 1)
                        if known.get(row) not in ("accepted", "rejected", "skipped")
                    }
                case "withdrawn":
                    opened -= set(range(entry["rows"][0], entry["rows"][1] + 1))
                case "result":
                    opened.discard(entry["row"])
                    known[entry["row"]] = entry["status"]
                    self.last_result[entry["row"]] = entry
            self.stretches[-1].entries.append(entry)
        self._close(known, opened)

    def _close(self, known: dict[int, str], opened: set[int]) -> None:
        self.stretches[-1].after = {**known, **dict.fromkeys(opened, "open")}

    def _entries(self, log: bytes) -> Iterator[Entry]:
        torn = 0
        for number, line in enumerate(log.removesuffix(b"\n").split(b"\n"), 1):
            try:
                entry = json.loads(line)
            except ValueError:
                torn = torn or number
                continue
            if torn and entry["type"] != "run":
                self.faults.append(f"line {torn} of the log is damaged, and line {number} is no run line")
            torn = 0
            yield entry

    @property
    def end(self) -> Entry | None:
        """The end line that closes the log."""
        last = self.stretches[-1]
        return last.entries[-1] if last.ended else None
