"""What callbacks have said of each message: states that never go back, and how they are read.

A message is known by (message_id, recipient): the API gives one message_id to all recipients of a request.
It belongs to a run by its tag `custom_args.wa_bulk`, `<run_id>:<row>`; without a tag by its message_id alone,
which the run's log holds. It is never matched by its number alone: one person gets many messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import Struct

from wa_bulk.api.callbacks import MessageStatus
from wa_bulk.history.database import Database, Row

STATES: tuple[MessageStatus, ...] = (
    "plan",
    "target_valid",
    "sent",
    "delivered_timeout",
    "target_invalid",
    "sent_failed",
    "delivered_failed",
    "delivered",
    "read",
)
"""The states, each beaten by those behind it: a phone that showed a message proves every failure wrong, and
`delivered_timeout` only says that nothing was heard for 5 minutes."""

RANK: dict[str, int] = {state: rank for rank, state in enumerate(STATES)}

ROWS_MAX = 2**62
_PAGE = 2000
"""Rows read at once: no read lasts long enough to hold up the writer's checkpoints."""

_COLUMNS = "message_id, recipient, row, state, at_ms, code, sender, sent_ms, delivered_ms, read_ms"


class MessageState(Struct, frozen=True, kw_only=True, gc=False):
    """The best that was said of one message to one recipient.

    `recipient` is the key of the person (`person_of`), empty where no callback named one. `at_ms` is when it
    came into `state`, `code` is Meta's where that is a failure; `sent_ms`, `delivered_ms` and `read_ms` are
    when those were said to have happened (milliseconds since 1970), whatever the state now. `row` is that of
    the run it is tagged with.
    """

    message_id: str
    recipient: str
    row: int | None
    state: MessageStatus
    at_ms: int
    code: int | None
    sender: str | None
    sent_ms: int | None
    delivered_ms: int | None
    read_ms: int | None


class RowDelivery(Struct, frozen=True, kw_only=True, gc=False):
    """How far a row of a run has come: the best over its messages.

    `to` is the key of the person: the run's log has the number as it was sent to. More than one of
    `message_ids` means that it was sent more than once. `best` is the message whose state is the
    row's.
    """

    row: int
    to: str
    message_ids: tuple[str, ...]
    best: MessageState

    @property
    def sent_twice(self) -> bool:
        """Whether the API has taken more than one message for this row."""
        return len(self.message_ids) > 1


class Deliveries:
    """Reads what is known of messages. Every method may raise HistoryError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_run(self, run_id: str, first_row: int = 1, last_row: int = ROWS_MAX) -> Iterator[RowDelivery]:
        """Yield those of these rows of a run that callbacks spoke of, ascending.

        Streams: memory does not grow with the run. Rows heard of meanwhile may or may not be among them.
        """
        messages: list[MessageState] = []
        for message in self._messages_of(run_id, first_row, last_row):
            if messages and message.row != messages[0].row:
                yield row_delivery(messages)
                messages = []
            messages.append(message)
        if messages:
            yield row_delivery(messages)

    def of_messages(self, message_ids: Iterable[str]) -> Iterator[MessageState]:
        """Yield what is known of these messages, tagged or not, in no particular order."""
        ids = iter(message_ids)
        while batch := list(islice(ids, 500)):
            marks = ",".join("?" * len(batch))
            query = f"SELECT {_COLUMNS} FROM messages WHERE message_id IN ({marks})"
            yield from map(_message, self._database.all(query, batch))

    def any_without_run(self) -> bool:
        """Return whether there are messages that came without a run's tag."""
        return self._database.one("SELECT 1 FROM messages WHERE run IS NULL LIMIT 1") is not None

    def _messages_of(self, run_id: str, first_row: int, last_row: int) -> Iterator[MessageState]:
        found = self._database.one("SELECT number FROM run_ids WHERE run_id = ?", (run_id,))
        if found is None:
            return
        row, last_id = first_row, -1
        while True:
            page = self._database.all(
                f"SELECT {_COLUMNS}, id FROM messages WHERE run = ? AND (row, id) > (?, ?) AND row <= ? "
                "ORDER BY row, id LIMIT ?",
                (*found, row, last_id, last_row, _PAGE),
            )
            yield from map(_message, page)
            if len(page) < _PAGE:
                return
            row, last_id = page[-1][2], page[-1][-1]


def _message(values: Row) -> MessageState:
    return MessageState(
        message_id=values[0],
        recipient=values[1],
        row=values[2],
        state=STATES[values[3]],
        at_ms=values[4],
        code=values[5],
        sender=values[6],
        sent_ms=values[7],
        delivered_ms=values[8],
        read_ms=values[9],
    )


def _worse(message: MessageState) -> tuple[int, bool, int, str]:
    """Return a key that is higher the less a message tells of its row, in whichever order they came."""
    return -RANK[message.state], not message.recipient, message.at_ms, message.message_id


def row_delivery(messages: list[MessageState], row: int | None = None) -> RowDelivery:
    """Return how far a row has come, by its messages; `row` where these carry no tag."""
    best = messages[0]
    if len(messages) == 1:
        ids: tuple[str, ...] = (best.message_id,)
    else:
        best = min(messages, key=_worse)
        ids = tuple(dict.fromkeys(message.message_id for message in messages))
    number = best.row if row is None else row
    assert number is not None
    to = best.recipient or next((message.recipient for message in messages if message.recipient), "")
    return RowDelivery(row=number, to=to, message_ids=ids, best=best)
