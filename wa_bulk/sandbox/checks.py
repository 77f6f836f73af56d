"""What the API checks before it takes a message, in its order and with its messages."""

from __future__ import annotations

import re

from wa_bulk.api import Message, ValidationError, decode, validate
from wa_bulk.sandbox.refusal import Refusal

MAX_RECIPIENTS = 100_000
"""The vendor documents no limit; the size of a request bounds it long before this."""

MAX_DEPTH = 100
"""How deeply arrays and objects of a request may be nested; the vendor documents no limit. What is shown of a
request is nested a little deeper than the request was, and encoders have limits of their own."""

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL).finditer
"""Brackets outside strings. A string, or one without an end, counts as one match, whatever is in it."""

NUMBER_PATTERN = r"^(?:\+|00)?[1-9][0-9]{6,14}$"
"""The forms in the vendor's examples: `+44…`, `0044…` and `44…`."""

_NUMBER = re.compile(NUMBER_PATTERN).fullmatch
_KINDS = ("template", "text", "image", "video", "audio", "document", "sticker")
_BODY_MEMBER = re.compile(rf"body\.({'|'.join(_KINDS)})").fullmatch


def read_message(payload: bytes, content_type: str) -> Message:
    """Decode and validate the message in a request; its numbers come back in E.164 form.

    Raises Refusal 3001 when it is not JSON and 3002, naming the field, when a parameter is wrong.
    """
    check_json(payload, content_type)
    try:
        message = decode(payload)
        _check_numbers(message)
        return validate(message, MAX_RECIPIENTS)
    except ValidationError as error:
        raise refused(error) from None


def check_json(payload: bytes, content_type: str) -> None:
    """Raise Refusal 3001 for what is not sent as JSON, or is nested too deeply."""
    if content_type != "application/json":
        raise Refusal(3001, f"the Content-Type header must be application/json, not {content_type}")
    if nests_too_deeply(payload):
        raise Refusal(3001, f"the request body is nested more than {MAX_DEPTH} levels deep")


def nests_too_deeply(payload: bytes) -> bool:
    """Return whether the JSON in `payload` has more than MAX_DEPTH levels of arrays and objects."""
    if payload.count(b"{") + payload.count(b"[") <= MAX_DEPTH:
        return False
    depth = 0
    for found in _BRACKETS(payload):
        token = found[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def refused(error: ValidationError) -> Refusal:
    """Turn a parameter that breaks a rule into the vendor's answer."""
    if not error.field:
        if error.fault.startswith("is not JSON"):
            return Refusal(3001, f"the request body {error.fault}")
        return Refusal(3002, f"the request body {error.fault}; {error.rule}")
    if (member := _BODY_MEMBER(error.field)) and error.fault.startswith(("is missing", "is of type")):
        kind = member[1]
        return Refusal(3002, f"whatsapp.{kind} field must be set correctly when type is {kind}")
    if error.field == "body.type":
        error = ValidationError(error.field, error.fault, f"expected one of {', '.join(_KINDS)}")
    where = re.sub(r"^body\.", "whatsapp.", error.field)
    return Refusal(3002, f"{where} field must be set correctly: {error.fault}; {error.rule}")


def _check_numbers(message: Message) -> None:
    rule = "expected a number with its country code, such as +447911123456"
    for position, number in enumerate(message.recipients):
        if not _NUMBER(number):
            place = "to" if isinstance(message.to, str) else f"to[{position}]"
            raise ValidationError(place, f"is {number[:40]!r}", rule)
    if message.from_ is not None and not _NUMBER(message.from_):
        raise ValidationError("from", f"is {message.from_[:40]!r}", rule)
