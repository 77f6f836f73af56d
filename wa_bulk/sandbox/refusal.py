"""The vendor's way of saying no."""

from __future__ import annotations

from wa_bulk.api import ERROR_CODES


class Refusal(Exception):
    """An error the API answers with: its code, the words, and the HTTP status that goes with it."""

    def __init__(self, code: int, message: str, http_status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or ERROR_CODES[code].http_status


def documented(code: int) -> Refusal:
    """The refusal for `code`, in the words of the vendor's table."""
    return Refusal(code, ERROR_CODES[code].meaning)
