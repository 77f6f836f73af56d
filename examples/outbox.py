"""A worker that sends what a database says, so that no crash loses a message or sends one twice.

The rows of the table `outbox` are written by the service in the very transaction that has the reason for the
message: the order and the news of it are both there, or neither. The worker then does, for each row,

    new ──(committed before the request)──► sending ──(committed after the reply)──► accepted, rejected,
                                                                                     failed or unknown
What each state allows:

    new, failed     not taken: may be sent; `failed` ones are tried again at the next start
    sending         found at the start: the process died meanwhile, it may have been taken. Now `unknown`
    unknown         may have been taken: not sent again by itself. A callback that brings the row's id back
                    in its `custom_args` settles it; where none comes, a person decides, or twice is better
                    than never and `settle(row, "new")` sends it again
    accepted        the API took it; rejected: pointless to send again

Try it without an account:

    wa-bulk sandbox
    WA_BULK_DEV_KEY=sandbox WA_BULK_DEV_SECRET=sandbox WA_BULK_BASE_URL=http://127.0.0.1:8025 \\
        python examples/outbox.py outbox.db

Told to stop (SIGTERM), it sends nothing new, gives what is on the wire GRACE_S seconds, and writes down what
became of it.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from wa_bulk import Client, Message, Status

GRACE_S = float(os.environ.get("GRACE_S", "10"))

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    phone TEXT NOT NULL,
    code TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new',
    message_id TEXT,
    reason TEXT
)
"""


class Outbox:
    """The table, in SQLite; every change is committed before the method returns."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(SCHEMA)

    def add(self, phone: str, code: str) -> int:
        """Add a message; a real service does this in the transaction of its own data."""
        row = self._db.execute("INSERT INTO outbox (phone, code) VALUES (?, ?)", (phone, code)).lastrowid
        assert row is not None
        return row

    def recover(self) -> int:
        """Take up what the last worker left, before anything is sent; return how many rows are unknown now.

        What was drawn but had not left is among these: a process that dies cannot say which.
        """
        self._db.execute("UPDATE outbox SET state = 'new' WHERE state = 'failed'")
        reason = "the process ended while it was being sent"
        return self._db.execute(
            "UPDATE outbox SET state = 'unknown', reason = ? WHERE state = 'sending'", (reason,)
        ).rowcount

    def claim_all(self) -> Iterator[Message]:
        """Take each row that may be sent, marking it before the message is given out."""
        while row := self._db.execute(
            "UPDATE outbox SET state = 'sending' WHERE id = "
            "(SELECT id FROM outbox WHERE state = 'new' ORDER BY id LIMIT 1) RETURNING id, phone, code"
        ).fetchone():
            number, phone, code = row
            yield Message.template(
                phone,
                "code",
                "en",
                body=[code],
                request_id=str(number),
                custom_args={"outbox": str(number)},
            )

    def settle(
        self, row: int, state: Status | str, message_id: str | None = None, reason: str | None = None
    ) -> None:
        """Write down what became of a row."""
        self._db.execute(
            "UPDATE outbox SET state = ?, message_id = ?, reason = ? WHERE id = ?",
            (state, message_id, reason, row),
        )

    def states(self) -> dict[int, str]:
        """Return each row's state."""
        return dict(self._db.execute("SELECT id, state FROM outbox"))


async def send_all(outbox: Outbox, client: Client) -> None:
    """Send every new row, until there is none or the client is closed."""
    try:
        async for outcome in client.send_many(outbox.claim_all()):
            assert outcome.request_id is not None
            outbox.settle(int(outcome.request_id), outcome.status, outcome.message_id, outcome.message)
    except RuntimeError:
        if not client.closed:
            raise


async def main(path: Path) -> None:
    outbox = Outbox(path)
    if lost := outbox.recover():
        print(f"{lost} messages may have been sent when the last worker died", file=sys.stderr)
    client = Client.from_env()
    closing: list[asyncio.Task[None]] = []

    def stop() -> None:
        closing.append(asyncio.create_task(client.close(timeout=GRACE_S)))

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    print("sending", flush=True)
    async with client:
        await send_all(outbox, client)
    await asyncio.gather(*closing)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
