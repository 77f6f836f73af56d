"""Forgetting what is older than it is to be kept, a little at a time so that nobody waits for it."""

from __future__ import annotations

from wa_bulk.history.database import Database

STEP = 500
"""Rows deleted in one transaction: a few milliseconds, so that callbacks go on being answered meanwhile."""


def prune_step(database: Database, before_ms: int, step: int = STEP) -> bool:
    """Delete up to `step` rows of each table from before `before_ms`, and return whether more may be left.

    Rows are stored in the order in which they come in, so that the old ones stand at the beginning; those
    behind the first one that is to be kept are not looked at.
    """
    more = False
    with database.transaction():
        for table, time in (("callbacks", "at_ms"), ("messages", "heard_ms"), ("set_aside", "at_ms")):
            rows = database.all(f"SELECT id, {time} FROM {table} ORDER BY id LIMIT ?", (step,))
            old = next((index for index, row in enumerate(rows) if row[1] >= before_ms), len(rows))
            if old:
                database.run(f"DELETE FROM {table} WHERE id <= ?", (rows[old - 1][0],))
            more = more or old == step
        database.run("DELETE FROM pending_stops WHERE at_ms < ?", (before_ms,))
    return more
