"""Callback bodies as the vendor posts them: the same rows, in the same order, every time."""

from collections.abc import Iterator

RUN_ID = "0197a3b2c4d5e6f7"
STATUSES = (b"plan", b"sent", b"delivered", b"read")
MESSAGES_IN_FLIGHT = 2_000
"""Messages whose statuses are mixed, as those of a campaign are that sends a few thousand at a time."""

AT_S = 1_795_000_000
"""When the first message was taken, seconds since 1970."""

_DIGITS = b"0123456789abcdefghijklmnopqrstuv"
_ROW = (
    b'{"server":"whatsapp","itime":%(at)d,"message_id":"%(message_id)b","from":"+8613800138000",'
    b'"to":"+4479%(number)08d","channel":"whatsapp","custom_args":{"order_id":"A-%(number)d",'
    b'"wa_bulk":"%(run)b:%(row)d"},"status":{"message_status":"%(status)b","status_data":{"msg_time":%(at)d,'
    b'"channel_message_id":"wamid.HBgLNDQ3OTEx%(id)bFQIAERgSQTdC%(id)b","whatsapp_business_account_id":'
    b'"106512345678901","timezone":"UTC","country_code":"GB","from_phone_id":"103987654321098",'
    b'"conversation":{"id":"c%(id)b","origin":{"type":"business_initiated"}},"pricing":{"billable":true,'
    b'"pricing_model":"CBP","category":"utility"}},"error_code":0}}'
)


def message_id(number: int) -> bytes:
    """Return the id of a message."""
    return b"cbggf4if6o9u" + _id(number)


def _id(number: int) -> bytes:
    return bytes(_DIGITS[(number >> shift) & 31] for shift in range(35, -1, -5))


def callback_row(number: int, step: int) -> bytes:
    """Return the JSON of the step (0 to 3) of a message."""
    values = {
        b"at": AT_S + number // 80 + step,
        b"id": _id(number),
        b"message_id": message_id(number),
        b"number": number,
        b"run": RUN_ID.encode(),
        b"row": number + 1,
        b"status": STATUSES[step],
    }
    return _ROW % values


def callback_bodies(messages: int, batch: int) -> Iterator[bytes]:
    """Yield request bodies of `batch` rows: every status of every message, in the order of a campaign."""
    rows: list[bytes] = []
    for start in range(0, messages, MESSAGES_IN_FLIGHT):
        for step in range(len(STATUSES)):
            for number in range(start, min(start + MESSAGES_IN_FLIGHT, messages)):
                rows.append(callback_row(number, step))
                if len(rows) == batch:
                    yield _body(rows)
                    rows = []
    if rows:
        yield _body(rows)


def _body(rows: list[bytes]) -> bytes:
    return b'{"total":%d,"rows":[%b]}' % (len(rows), b",".join(rows))
