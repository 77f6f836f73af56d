"""What was found wrong with rows, a line for each cause: in `check`, and in the question before sending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wa_bulk.report.words import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wa_bulk.campaign.examination import FaultCause

WARNING = "yellow"

_FIRST_PART = re.compile(r"((?:'[^']*'|\"[^\"]*\"|[^'\":;]|[:;](?! )|['\"])*)([:;] .*)?", re.DOTALL).fullmatch


def in_words(cause: FaultCause, *, with_mend: bool = True) -> str:
    """Return a cause with its rows behind the trouble: `name is empty (row 57, line 58): fill it`."""
    found = _FIRST_PART(cause.reason)
    assert found is not None
    mend = (found[2] or "") if with_mend else ""
    return plain(f"{found[1]} ({_place(cause)}){mend}")


def _place(cause: FaultCause) -> str:
    rows = [f"{row:,}" for row in cause.first_rows]
    if cause.rows == 1:
        return f"row {rows[0]}, line {cause.first_line:,}"
    more = cause.rows - len(rows)
    named = f"{', '.join(rows)} and {more:,} more" if more else f"{', '.join(rows[:-1])} and {rows[-1]}"
    return f"rows {named}, from line {cause.first_line:,}"


def causes_table(causes: Sequence[FaultCause], *, at_most: int, with_mend: bool = True) -> RenderableType:
    """Return how many rows there are for each cause, and the cause; the rest in a line."""
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.terminal import COLOURS

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    if len(causes) == at_most + 1:
        at_most += 1  # a line that says so would take as much room
    for cause in causes[:at_most]:
        status = Text(cause.status, COLOURS.get(cause.status, WARNING))
        table.add_row(f"{cause.rows:,}", status, Text(in_words(cause, with_mend=with_mend)))
    if rest := causes[at_most:]:
        more = f"for {len(rest):,} other reasons"
        table.add_row(f"{sum(cause.rows for cause in rest):,}", "", Text(more, "dim"))
    return table
