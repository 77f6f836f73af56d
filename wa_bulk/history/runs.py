"""The runs of this account, and whom each has written to. No run's books depend on it: its log tells all."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from wa_bulk.api.loopback import is_loopback_url
from wa_bulk.history.database import Database, Row
from wa_bulk.ledger.log_format import Totals

RunState = Literal["running", "finished", "stopped", "unknown"]
"""`unknown` where there is no log that tells how a run ended."""

StoppedBy = Literal["fatal", "failures", "interrupted", "limit", "crash"]
"""Why a run stopped before its last row; `crash`: its process was killed, or its machine went down."""


RECENT_MS = 7 * 24 * 3600 * 1000
"""How long it is remembered whom a run wrote to, since its last message."""


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run as the account remembers it.

    `log` is an absolute path, of which `log_bytes` are known here, and empty for a run that several machines
    share until its results are collected; `recipients_sha256` is of their file,
    `message_sha256` of what was sent to each, `base_url` is where it was sent. Times are milliseconds since
    1970; the log was written to last at `updated_ms`.
    """

    run_id: str
    name: str
    message_sha256: str
    recipients_sha256: str
    base_url: str
    log: str
    log_bytes: int = 0
    started_ms: int
    updated_ms: int
    state: RunState
    stopped: StoppedBy | None = None
    rows: int
    totals: Totals

    @property
    def written(self) -> int:
        """How many messages were accepted, or may have been."""
        return self.totals.accepted + self.totals.unknown

    def is_for_people_of(self, base_url: str) -> bool:
        """Tell whether it wrote to those whom the API at `base_url` writes to: people, or a sandbox's."""
        return is_loopback_url(self.base_url) == is_loopback_url(base_url)


_OWN = tuple(name for name in RunRecord.__struct_fields__ if name != "totals")
_COLUMNS = (*_OWN, *Totals.__struct_fields__)
_NAMES = ", ".join(_COLUMNS)
_CHANGES = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in ("run_id", "started_ms"))
_NOTE = (
    f"INSERT INTO runs ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (run_id) DO UPDATE SET {_CHANGES}"
)


class Runs:
    """The account's runs. Every method may raise HistoryError; what it writes is on disk when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run: RunRecord) -> None:
        """Remember a run as it is now: at its start, its end, and each resume. `started_ms` stays."""
        with self._database.transaction():
            self._note(run)

    def begin(self, run: RunRecord) -> RunRecord | None:
        """Remember a run that begins, unless one of the same campaign and recipients is running: return that.

        Of two processes that begin at once, one gets the other's.
        """
        with self._database.transaction():
            others = self._find(
                "name = ? AND recipients_sha256 = ? AND state = 'running'", run.name, run.recipients_sha256
            )
            others = [other for other in others if other.is_for_people_of(run.base_url)]
            if not others:
                self._note(run)
        return others[0] if others else None

    def all(self) -> list[RunRecord]:
        """Return the runs, newest first."""
        return self._find("1")

    def get(self, run_id: str) -> RunRecord | None:
        """Return the run of that id, None where it is not known."""
        return next(iter(self._find("run_id = ?", run_id)), None)

    def of_campaign(self, name: str, message_sha256: str, recipients_sha256: str) -> list[RunRecord]:
        """Return the runs of campaigns of that name, and those of the same message to the same file of
        recipients under any name, newest first."""
        return self._find(
            "name = ? OR (message_sha256 = ? AND recipients_sha256 = ?)",
            name,
            message_sha256,
            recipients_sha256,
        )

    def forget(self, run_id: str) -> None:
        """Forget a run and whom it wrote to."""
        with self._database.transaction():
            self._database.run("DELETE FROM runs WHERE run_id = ?", (run_id,))
            self._database.run("DELETE FROM written WHERE run_id = ?", (run_id,))

    def add_written(self, run_id: str, keys: array[int]) -> int:
        """Remember that a run wrote, or may have written, to these people; return a mark of this part.

        Each is a `key_of`. What `replace` is told later makes it final.
        """
        with self._database.transaction():
            self._database.run(
                "INSERT INTO written (run_id, keys) VALUES (?, ?)", (run_id, _portable(keys).tobytes())
            )
            part = self._database.number("SELECT last_insert_rowid()")
        self._database.run("PRAGMA shrink_memory")  # 8 MB for a million people, not needed again
        return part

    def replace(self, run: RunRecord, first_part: int | None) -> None:
        """Remember a run together with whom it wrote to: the parts from `first_part` on alone, or nobody."""
        with self._database.transaction():
            self._note(run)
            self._database.run(
                "DELETE FROM written WHERE run_id = ?1 AND (?2 IS NULL OR part < ?2)",
                (run.run_id, first_part),
            )

    def forget_written(self, before_ms: int) -> None:
        """Forget whom runs wrote to whose logs were written to last before that time."""
        self._database.run(
            "DELETE FROM written WHERE run_id IN (SELECT run_id FROM runs WHERE updated_ms < ?)", (before_ms,)
        )

    def count_written(self, run_id: str) -> int:
        """Return how many keys are remembered of a run; one that came twice may count twice."""
        return self._database.number(
            "SELECT coalesce(sum(length(keys)), 0) / 8 FROM written WHERE run_id = ?", (run_id,)
        )

    def written(self, run_id: str) -> Iterator[array[int]]:
        """Yield the keys of the people to whom a run wrote, or may have, a bounded number at a time."""
        part = 0
        while row := self._database.one(
            "SELECT part, keys FROM written WHERE run_id = ? AND part > ? ORDER BY part LIMIT 1",
            (run_id, part),
        ):
            part = row[0]
            keys = array("Q")
            keys.frombytes(row[1])
            yield _portable(keys)

    def _note(self, run: RunRecord) -> None:
        values = [getattr(run, name) for name in _OWN]
        values += [getattr(run.totals, name) for name in Totals.__struct_fields__]
        self._database.run(_NOTE, values)

    def _find(self, condition: str, *values: object) -> list[RunRecord]:
        query = f"SELECT {_NAMES} FROM runs WHERE {condition} ORDER BY started_ms DESC, run_id"
        return [_record(row) for row in self._database.all(query, values)]


def _record(row: Row) -> RunRecord:
    own = dict(zip(_OWN, row, strict=False))
    return RunRecord(**own, totals=Totals(*row[len(_OWN) :]))


def _portable(keys: array[int]) -> array[int]:
    """Turn keys from this machine's order of bytes to little-endian, or back."""
    if sys.byteorder == "big":
        keys = keys[:]
        keys.byteswap()
    return keys
