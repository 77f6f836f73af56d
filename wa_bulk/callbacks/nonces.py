"""Signatures that were answered with 200: each is good for one body, since it does not cover it."""

from __future__ import annotations

from wa_bulk.history.database import Database, now_ms

_HEALTH_CHECK = " health check"
_KEPT_MS = 3_600_000
"""Longer than any signature stays fresh, whichever of two clocks is ahead."""


def remember(database: Database, nonce: str, digest: int) -> bool:
    """Remember a nonce within the caller's transaction, and return False where another body came with it.

    The same body again is a repeat, which the vendor may send where our answer was lost on the way.
    """
    if database.run("INSERT OR IGNORE INTO nonces VALUES (?, ?, ?)", (nonce, digest, now_ms())):
        return True
    return database.one("SELECT 1 FROM nonces WHERE nonce = ? AND digest = ?", (nonce, digest)) is not None


def forget_old(database: Database) -> None:
    """Forget, within the caller's transaction, the nonces of signatures that are no longer fresh."""
    database.run("DELETE FROM nonces WHERE at_ms < ?", (now_ms() - _KEPT_MS,))


def write_health_check(database: Database) -> None:
    """Write something of no meaning, within the caller's transaction."""
    database.run("INSERT OR REPLACE INTO nonces VALUES (?, 0, ?)", (_HEALTH_CHECK, now_ms()))
