from __future__ import annotations

import pytest

from tests.callbacks.rows import notice, said, status
from tests.history.test_delivery import record
from wa_bulk.history import History, inbox
from wa_bulk.history.database import Database


def test_rows_are_read_by_their_kind_and_from_where_one_was(
    database: Database, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_PAGE", 2)
    assert history.inbox.last_id() == 0
    record(database, status(), *(said(f"hello {n}") for n in range(5)), notice(balance=1))
    (notification,) = history.inbox.rows("notification")
    assert b'"balance":1' in notification.body
    replies = list(history.inbox.rows("response"))
    assert [f"hello {n}".encode() in reply.body for n, reply in enumerate(replies)] == [True] * 5
    assert list(history.inbox.rows("response", after_id=replies[2].id)) == replies[3:]
    assert history.inbox.last_id() == notification.id


def test_every_row_of_a_message_is_kept(database: Database, history: History) -> None:
    record(database, status("sent"), status("read"), status("sent"), status("sent", message_id="m2"))
    kept = [row for row in history.inbox.rows("status") if row.message_id == "m1"]
    assert [b'"read"' in row.body for row in kept] == [False, True]
