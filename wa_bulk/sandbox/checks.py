"""What the API looks at before it takes a message, in its order and with its words."""

from __future__ import annotations

import re

from wa_bulk.api import Message, ValidationError, decode, validate
from wa_bulk.sandbox.refusal import Refusal

MAX_RECIPIENTS = 100_000
"""The vendor documents no limit; the size of a request bounds it long before this."""

NUMBER_PATTERN = r"^(?:\+|00)?[1-9][0-9]{6,14}$"
"""The forms that stand in the vendor's examples: `+44…`, `0044…` and `44…`."""

_NUMBER = re.compile(NUMBER_PATTERN).fullmatch
_KINDS = ("template", "text", "image", "video", "audio", "document", "sticker")
_BODY_MEMBER = re.compile(rf"body\.({'|'.join(_KINDS)})").fullmatch


def read_message(payload: bytes, content_type: str) -> Message:
    """The message in a request, its numbers in E.164 form.

    Raises Refusal 3001 when it is no JSON and 3002, naming the field, when a parameter is wrong.
    """
    if content_type != "application/json":
        raise Refusal(3001, f"the Content-Type header must be application/json, not {content_type}")
    try:
        message = decode(payload)
        _check_numbers(message)
        return validate(message, MAX_RECIPIENTS)
    except ValidationError as error:
        raise refused(error) from None
    except RecursionError:
        raise Refusal(3001, "the request body is nested too deeply") from None


def refused(error: ValidationError) -> Refusal:
    """The vendor's answer to a parameter that breaks a rule."""
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
