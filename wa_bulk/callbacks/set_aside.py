"""Requests that were refused, kept with the reason: the vendor posts once, and a secret may be mistyped."""

from __future__ import annotations

import zlib
from typing import Literal, NamedTuple

from wa_bulk.history.database import Database

Cause = Literal["signature", "garbage"]

BYTES_MOST: dict[Cause, int] = {"signature": 256 * 1024 * 1024, "garbage": 32 * 1024 * 1024}
"""How much is kept for each cause, compressed; the oldest goes first."""

COUNT_MOST = 100_000
_TRIM_EVERY = 64
_TRIM_TO = 0.9
_FASTEST = 1


class Refused(NamedTuple):
    """A request that was not taken in, and why."""

    at_ms: int
    cause: Cause
    reason: str
    body: bytes


def keep(database: Database, refused: Refused) -> None:
    """Keep a request, within the caller's transaction; once in a while, drop what is too much."""
    body = zlib.compress(refused.body, _FASTEST)
    database.run(
        "INSERT INTO set_aside (at_ms, cause, reason, size, body) VALUES (?, ?, ?, ?, ?)",
        (refused.at_ms, refused.cause, refused.reason, len(body), body),
    )
    if database.number("SELECT last_insert_rowid()") % _TRIM_EVERY == 0:
        trim(database, refused.cause)


def trim(
    database: Database, cause: Cause, bytes_most: int | None = None, count_most: int = COUNT_MOST
) -> None:
    """Drop the oldest of a cause where there is too much of it."""
    bytes_most = BYTES_MOST[cause] if bytes_most is None else bytes_most
    count, size = sums(database, cause)
    if count <= count_most and size <= bytes_most:
        return
    for number, own in database.all("SELECT id, size FROM set_aside WHERE cause = ? ORDER BY id", (cause,)):
        database.run("DELETE FROM set_aside WHERE id = ?", (number,))
        count, size = count - 1, size - own
        if count <= count_most * _TRIM_TO and size <= bytes_most * _TRIM_TO:
            return


def sums(database: Database, cause: Cause) -> tuple[int, int]:
    """Return how many requests are kept for a cause, and their compressed bytes."""
    row = database.one("SELECT count(*), coalesce(sum(size), 0) FROM set_aside WHERE cause = ?", (cause,))
    assert row is not None
    return row[0], row[1]


def kept(database: Database, cause: Cause, limit: int) -> list[tuple[int, Refused]]:
    """Return the `limit` oldest requests that are kept for a cause, each with its id."""
    rows = database.all(
        "SELECT id, at_ms, cause, reason, body FROM set_aside WHERE cause = ? ORDER BY id LIMIT ?",
        (cause, limit),
    )
    return [(row[0], Refused(row[1], row[2], row[3], zlib.decompress(row[4]))) for row in rows]


def delete_up_to(database: Database, cause: Cause, last_id: int) -> None:
    """Drop the requests of a cause up to the one of that id, within the caller's transaction."""
    database.run("DELETE FROM set_aside WHERE cause = ? AND id <= ?", (cause, last_id))
