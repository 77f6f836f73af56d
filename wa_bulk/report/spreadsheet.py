"""Cells that a spreadsheet program neither runs nor alters."""

import re

_RUN_OR_ALTERED = re.compile(
    r"""
    \s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20].*    # a formula, or what is taken for one: +447911123456 too
    | 0\d+ | \d{12,}                        # digits that get lost: at the front, or behind the eleventh
    | \d+(\.\d+)?[eE][+-]?\d+               # what is taken for a power of ten, as 12e5 in an id
    """,
    re.VERBOSE | re.DOTALL,
)


def as_text(cell: str) -> str:
    """Return a cell that stays text, as it is, when the table is opened in a spreadsheet program.

    An apostrophe goes before what would be run as a formula, or read as a number and lose digits. wa_bulk
    reads a phone number with one before it as the same without.
    """
    return f"'{cell}" if _RUN_OR_ALTERED.fullmatch(cell) else cell
