"""What can be wrong with a message, and what the API answers when it is."""

from __future__ import annotations

from msgspec import Struct


class ValidationError(ValueError):
    """A message, or a part of one, that the API would refuse.

    `field` is the JSON path inside the message (`body.template.components[1].parameters[0].text`),
    `fault` says what is wrong with the value found there and `rule` what was expected.
    """

    def __init__(self, field: str, fault: str, rule: str) -> None:
        super().__init__(field, fault, rule)
        self.field = field
        self.fault = fault
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.field or 'message'}: {self.fault}; {self.rule}"

    def under(self, parent: str) -> ValidationError:
        """Return the same error, seen from the object that holds `parent`."""
        if not self.field:
            return ValidationError(parent, self.fault, self.rule)
        joint = "" if self.field.startswith("[") else "."
        return ValidationError(f"{parent}{joint}{self.field}", self.fault, self.rule)


def shortened(value: str, limit: int = 60) -> str:
    """Return `value` quoted for an error message, cut where it would fill the screen."""
    return repr(value) if len(value) <= limit else repr(value[:limit])[:-1] + "…'"


class ErrorCode(Struct, frozen=True):
    """One row of the vendor's error table."""

    code: int
    http_status: int
    meaning: str


ERROR_CODES: dict[int, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode(1000, 500, "internal error"),
        ErrorCode(2001, 401, "the API key is not valid"),
        ErrorCode(2002, 401, "the API key has expired or was disabled"),
        ErrorCode(2003, 400, "WhatsApp refuses the account; EngageLab's support must be asked"),
        ErrorCode(2004, 403, "the API key may not send from this number"),
        ErrorCode(3001, 400, "the request is not JSON"),
        ErrorCode(3002, 400, "a parameter is missing or wrong"),
        ErrorCode(3003, 400, "a parameter is refused by the business rules"),
        ErrorCode(4001, 400, "the template, or another resource, does not exist"),
        ErrorCode(5002, 400, "Meta refused the template"),
    )
}
"""The vendor's codes for sending and, from 5002 on, for template management. The set is open."""
