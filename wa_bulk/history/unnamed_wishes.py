"""Wishes of people whom callbacks name by no number, until it is known whose they are.

Each is about a message: the one that it answers, or that Meta did not deliver. Another callback may bring the
number of whoever got that; where all name a user id (`US.1349…`) alone, the message carries the tag of its
run, whose log has the number of each row.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Literal

from wa_bulk.history.database import Database
from wa_bulk.history.suppression import enter, lift_stop
from wa_bulk.ledger.log_format import LogError, ResultLine
from wa_bulk.ledger.log_reader import Damage, read

Wish = Literal["stop", "start", "meta"]
"""`meta` is Meta's word that somebody stopped, which no START takes back."""

_IN_LOGS = """
SELECT message_id, log, run_id, max(row) FROM pending_stops
JOIN messages USING (message_id) JOIN run_ids ON run_ids.number = messages.run JOIN runs USING (run_id)
WHERE log <> ''
GROUP BY message_id HAVING count(DISTINCT run_id || ':' || row) = 1
"""


def keep_wish(database: Database, message_id: str, wish: Wish, reason: str, at_ms: int) -> None:
    """Keep the wish of whoever got a message, within the caller's transaction; the latest counts."""
    database.run(
        "INSERT INTO pending_stops VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "words = excluded.words, at_ms = excluded.at_ms WHERE excluded.at_ms > at_ms",
        (message_id, wish, reason, at_ms),
    )


def give_wishes(database: Database, message_id: str, number: str) -> None:
    """Let the wishes that were kept for a message count for its number, within the caller's transaction."""
    for wish, reason, at_ms in database.all(
        "DELETE FROM pending_stops WHERE message_id = ? RETURNING wish, words, at_ms", (message_id,)
    ):
        if wish == "start":
            lift_stop(database, number, at_ms)
        else:
            enter(database, number, "meta" if wish == "meta" else "stop", reason, at_ms)


def give_wishes_by_logs(database: Database) -> None:
    """Give the wishes that are kept to the people whom the logs of their runs name.

    What logs cannot tell stays kept. Raises HistoryError.
    """
    messages: defaultdict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for message_id, log, run_id, row in database.all(_IN_LOGS):
        messages[log, run_id][row] = message_id
    for (log, run_id), of_row in messages.items():
        numbers: dict[int, str] = {}
        with suppress(OSError, LogError):
            for line in read(log, _pass_over):
                if isinstance(line, ResultLine) and line.run_id == run_id and line.row in of_row and line.to:
                    numbers[line.row] = line.to
        if numbers:
            with database.transaction():
                for row, number in numbers.items():
                    give_wishes(database, of_row[row], number)


def _pass_over(damage: Damage) -> None:
    pass
