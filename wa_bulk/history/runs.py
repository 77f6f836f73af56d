"""The runs of this account, and whom each has written to. No run's books depend on it: its log tells all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from wa_bulk.history.database import Database, Row, now_ms
from wa_bulk.history.person import person_of

RunState = Literal["running", "finished", "interrupted", "fatal", "failures"]
"""`running` is also what a run that was killed is left as: only its log tells."""

_COLUMNS = (
    "run_id, campaign, recipients_sha256, log, started_ms, updated_ms, state, rows, "
    "accepted, rejected, failed, unknown, skipped"
)

_NOTE = f"""
INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id) DO UPDATE SET campaign = excluded.campaign, log = excluded.log,
    recipients_sha256 = excluded.recipients_sha256, updated_ms = excluded.updated_ms, state = excluded.state,
    rows = coalesce(excluded.rows, rows), accepted = excluded.accepted, rejected = excluded.rejected,
    failed = excluded.failed, unknown = excluded.unknown, skipped = excluded.skipped
"""


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run as the account remembers it. `log` is an absolute path; times are milliseconds since 1970."""

    run_id: str
    campaign: str
    recipients_sha256: str
    log: str
    started_ms: int
    updated_ms: int
    state: RunState
    rows: int | None = None
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0


class Overlap(Struct, frozen=True, kw_only=True):
    """How many of some numbers an earlier run has written to."""

    run: RunRecord
    numbers: int


class Runs:
    """The account's runs. Every method may raise HistoryError; what it writes is on disk when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run: RunRecord) -> None:
        """Remember a run as it is now: at its start, its end, and each resume. `started_ms` stays."""
        values = [getattr(run, name) for name in RunRecord.__struct_fields__]
        with self._database.transaction():
            self._database.run(_NOTE, values)

    def all(self, limit: int | None = None) -> list[RunRecord]:
        """Return the runs, newest first."""
        return self._find("1 ORDER BY started_ms DESC, run_id LIMIT ?", (-1 if limit is None else limit,))

    def get(self, run_id: str) -> RunRecord | None:
        """Return the run of that id, None where it is not known."""
        return next(iter(self._find("run_id = ?", (run_id,))), None)

    def of_recipients(self, recipients_sha256: str) -> list[RunRecord]:
        """Return the runs that sent to exactly these recipients, newest first."""
        return self._find("recipients_sha256 = ? ORDER BY started_ms DESC", (recipients_sha256,))

    def note_written(self, run_id: str, numbers: Iterable[str], at_ms: int | None = None) -> None:
        """Remember that a run had messages to these numbers accepted at `at_ms`, now unless given."""
        at_ms = now_ms() if at_ms is None else at_ms
        with self._database.transaction():
            self._database.run_many(
                "INSERT INTO written VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at_ms = max(at_ms, ?3)",
                ((person_of(number), run_id, at_ms) for number in numbers),
            )

    def persons_written_since(self, at_ms: int) -> int:
        """Return how many distinct people were written to since, over all runs."""
        return self._database.number("SELECT count(DISTINCT person) FROM written WHERE at_ms >= ?", (at_ms,))

    def last_written_ms(self, number: str) -> int | None:
        """Return when a person was last written to, None where never."""
        at_ms = self._database.number(
            "SELECT coalesce(max(at_ms), -1) FROM written WHERE person = ?", (person_of(number),)
        )
        return None if at_ms < 0 else at_ms

    def overlaps(self, numbers: Iterable[str], campaign: str, since_ms: int) -> list[Overlap]:
        """Return the runs of that campaign, begun since, that wrote to any of `numbers`; most of them first.

        Reads `numbers` once, in bounded memory.
        """
        database = self._database
        database.run("CREATE TEMP TABLE asked (person TEXT PRIMARY KEY) WITHOUT ROWID")
        try:
            database.run_many(
                "INSERT OR IGNORE INTO asked VALUES (?)", ((person_of(number),) for number in numbers)
            )
            counted = database.all(
                "SELECT run_id, count(*) FROM asked JOIN written USING (person) WHERE run_id IN "
                "(SELECT run_id FROM runs WHERE campaign = ? AND started_ms >= ?) "
                "GROUP BY run_id ORDER BY count(*) DESC, run_id",
                (campaign, since_ms),
            )
        finally:
            database.run("DROP TABLE asked")
        found = ((self.get(run_id), count) for run_id, count in counted)
        return [Overlap(run=run, numbers=count) for run, count in found if run is not None]

    def _find(self, condition: str, values: tuple[object, ...]) -> list[RunRecord]:
        rows = self._database.all(f"SELECT {_COLUMNS} FROM runs WHERE {condition}", values)
        return [_record(row) for row in rows]


def _record(values: Row) -> RunRecord:
    return RunRecord(**dict(zip(RunRecord.__struct_fields__, values, strict=True)))
