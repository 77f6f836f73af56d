"""What an answer proves, and what follows: the table, row by row."""

import pytest

from wa_bulk.api import ERROR_CODES
from wa_bulk.api.replies import ReplyFields
from wa_bulk.send.transport import BadAddress, MaybeSent, NotSent, TransportError
from wa_bulk.send.verdict import BY_CODE, of_error, of_reply


class Refused(NotSent):
    """A kind of error that this table has never heard of."""


REPLIES = [
    # status, code, message_id, verdict, scope
    (200, None, "1", "accepted", "message"),
    (201, None, "1", "accepted", "message"),
    (200, 1000, "1", "accepted", "message"),
    (200, None, None, "unknown", "message"),
    (202, 0, None, "unknown", "message"),
    (200, 77777, None, "unknown", "message"),
    (200, 3002, None, "rejected", "message"),
    (200, 1000, None, "retry", "message"),
    (100, None, None, "unknown", "message"),
    *((status, None, None, "fatal", "address") for status in (301, 302, 307, 308, 404, 405, 415)),
    (404, 404, None, "fatal", "address"),
    (404, 77777, None, "failed", "message"),
    (307, 3002, None, "rejected", "message"),
    (500, 1000, None, "retry", "message"),
    *((status, None, None, "retry", "message") for status in (500, 501, 503, 505, 507, 511, 529)),
    *((status, None, None, "retry", "message") for status in (521, 523, 525, 526, 530)),
    *((status, None, None, "retry", "message") for status in (408, 421, 425)),
    *(
        (status, None, None, "unknown", "message")
        for status in (502, 504, 520, 522, 524, 527, 598, 599, 512, 555)
    ),
    (502, 502, None, "unknown", "message"),
    (502, 77777, None, "unknown", "message"),
    (500, 77777, None, "retry", "message"),
    (502, 2001, None, "fatal", "account"),
    *((429, code, None, "retry", "sender") for code in (None, 429, 77777)),
    (429, 3002, None, "rejected", "message"),
    *((status, code, None, "retry", "sender") for status in (200, 400, 500) for code in (3004, 23008)),
    (401, 2001, None, "fatal", "account"),
    (401, 2002, None, "fatal", "account"),
    (400, 2003, None, "fatal", "account"),
    (401, None, None, "fatal", "account"),
    (401, 401, None, "fatal", "account"),
    (407, None, None, "fatal", "account"),
    (403, 2004, None, "fatal", "sender"),
    (400, 3001, None, "rejected", "message"),
    (400, 3002, None, "rejected", "message"),
    (400, 3003, None, "rejected", "message"),
    (400, 4001, None, "rejected", "template"),
    *((status, None, None, "rejected", "message") for status in (413, 414, 431)),
    *((status, 77777, None, "failed", "message") for status in (400, 401, 403, 408, 422)),
    *((status, None, None, "failed", "message") for status in (400, 402, 403, 410, 418, 422, 451, 499)),
    (600, None, None, "unknown", "message"),
    (0, None, None, "unknown", "message"),
]


@pytest.mark.parametrize(("status", "code", "message_id", "verdict", "scope"), REPLIES)
def test_of_a_reply(status: int, code: int | None, message_id: str | None, verdict: str, scope: str) -> None:
    ruling = of_reply(status, ReplyFields(message_id, None, code))
    assert (ruling.verdict, ruling.scope) == (verdict, scope)


@pytest.mark.parametrize(("status", "code", "message_id", "verdict", "scope"), REPLIES)
def test_only_what_is_proven_not_taken_is_sent_again(
    status: int, code: int | None, message_id: str | None, verdict: str, scope: str
) -> None:
    ruling = of_reply(status, ReplyFields(message_id, None, code))
    proves = {"accepted": "taken", "unknown": "nothing"}.get(ruling.verdict, "not taken")
    assert ruling.proves == proves


@pytest.mark.parametrize("status", [301, 404, 405, 415])
def test_an_address_that_took_a_message_is_not_wrong(status: int) -> None:
    assert of_reply(status, ReplyFields(), address_proven=True).verdict == "failed"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("upstream connect error or disconnect/reset before headers. reset reason: overflow", "unknown"),
        ("upstream request: connection was reset", "unknown"),
        ("<title>503 Backend fetch failed</title><p>Guru Meditation:</p>", "unknown"),
        ("Error 503 first byte timeout", "unknown"),
        ("no healthy upstream", "retry"),
        ("<html>Service Unavailable</html>", "retry"),
    ],
)
def test_a_gateways_503_for_a_server_that_broke_off_proves_nothing(text: str, verdict: str) -> None:
    assert of_reply(503, ReplyFields(text=text)).verdict == verdict
    assert of_reply(503, ReplyFields(code=503, message=text)).verdict == verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NotSent("no connection"), "retry"),
        (Refused("no connection"), "retry"),
        (BadAddress("expired"), "fatal"),
        (MaybeSent("reset"), "unknown"),
        (TransportError("of a new kind"), "unknown"),
        (KeyError("of ours"), "unknown"),
    ],
)
def test_of_no_reply(error: Exception, verdict: str) -> None:
    assert of_error(error).verdict == verdict


def test_every_code_of_the_sending_api_is_judged() -> None:
    assert set(BY_CODE) >= {code for code in ERROR_CODES if code < 5000}
