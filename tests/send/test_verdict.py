"""What follows from what: the table, row by row."""

import pytest

from wa_bulk.api import ERROR_CODES
from wa_bulk.send.transport import MaybeSent, NotSent, TransportError, Untrusted
from wa_bulk.send.verdict import BY_CODE, of_fault, of_reply


class Refused(NotSent):
    """A kind of fault this table has never heard of."""


@pytest.mark.parametrize(
    ("http_status", "code", "message_id", "verdict"),
    [
        (200, None, "1", "accepted"),
        (201, None, "1", "accepted"),
        (200, 1000, "1", "accepted"),
        (200, None, None, "unknown"),
        (200, None, "", "unknown"),
        (202, None, None, "unknown"),
        (200, 3002, None, "unknown"),
        (200, 1000, None, "unknown"),
        (100, None, None, "unknown"),
        (301, None, None, "fatal"),
        (302, None, None, "fatal"),
        (307, 3002, None, "fatal"),
        (308, None, None, "fatal"),
        (500, 1000, None, "retry"),
        (500, None, None, "retry"),
        (502, None, None, "retry"),
        (503, None, None, "retry"),
        (504, None, None, "retry"),
        (500, 77777, None, "retry"),
        (429, None, None, "retry"),
        (429, 3002, None, "retry"),
        (429, 77777, None, "retry"),
        (401, 2001, None, "fatal"),
        (401, 2002, None, "fatal"),
        (400, 2003, None, "fatal"),
        (403, 2004, None, "fatal"),
        (400, 3001, None, "rejected"),
        (400, 3002, None, "rejected"),
        (400, 3003, None, "rejected"),
        (400, 4001, None, "rejected"),
        (400, 77777, None, "rejected"),
        (400, None, None, "rejected"),
        (401, None, None, "fatal"),
        (404, None, None, "rejected"),
        (413, None, None, "rejected"),
        (499, None, None, "rejected"),
        (600, None, None, "unknown"),
        (0, None, None, "unknown"),
    ],
)
def test_of_a_reply(http_status: int, code: int | None, message_id: str | None, verdict: str) -> None:
    assert of_reply(http_status, code, message_id) == verdict


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (NotSent("no connection"), "retry"),
        (Refused("no connection"), "retry"),
        (Untrusted("expired"), "fatal"),
        (MaybeSent("reset"), "unknown"),
        (TransportError("of a new kind"), "unknown"),
    ],
)
def test_of_no_reply(fault: TransportError, verdict: str) -> None:
    assert of_fault(fault) == verdict


def test_every_code_of_the_sending_api_is_judged() -> None:
    assert set(BY_CODE) == {code for code in ERROR_CODES if code < 5000}
