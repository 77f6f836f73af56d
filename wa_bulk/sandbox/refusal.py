"""Errors as the vendor's API answers them."""

from __future__ import annotations

from wa_bulk.api import ERROR_CODES
from wa_bulk.api.errors import ErrorCode

UNDOCUMENTED_CODES: dict[int, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode(3004, 400, "Rate limit exceeded"),
        ErrorCode(23008, 400, "Rate limit exceeded"),
        ErrorCode(9999, 400, "a code that no documentation has"),
    )
}
"""Not on the vendor's page: what EngageLab's other products answer when requests come too fast, and a code
for all those that nobody knows yet."""


class Refusal(Exception):
    """An error answer of the API: its code, its message, and its HTTP status."""

    def __init__(self, code: int, message: str, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or ERROR_CODES[code].http_status


def refusal_of(code: int) -> Refusal:
    """Return the refusal for `code`, worded as in the table it comes from."""
    row = ERROR_CODES.get(code) or UNDOCUMENTED_CODES[code]
    return Refusal(code, row.meaning, row.http_status)
