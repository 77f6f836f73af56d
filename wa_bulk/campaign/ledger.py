"""What is known of each row, one byte a row, rebuilt from a log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from wa_bulk.campaign.log import AnyLine, Damage, EndLine, RunLine, Status, Totals

State = Literal["never", "intended", "accepted", "rejected", "failed", "unknown", "skipped"]


class Ledger:
    run: RunLine | None  # the first of the log
    end: EndLine | None  # the end line, if nothing but it closes the log
    torn: list[Damage]

    def __init__(self, rows: int = 0) -> None:
        raise NotImplementedError

    @classmethod
    def from_log(cls, path: Path | str) -> "Ledger":
        """Rebuilds streaming. Raises LogError, LogDamage (then resuming is not safe)."""
        raise NotImplementedError

    def state(self, row: int) -> State: ...
    def apply(self, line: AnyLine) -> None: ...
    def intend(self, first: int, last: int) -> None: ...
    def settle(self, row: int, status: Status) -> None: ...
    def withdraw(self, first: int, last: int) -> None: ...

    def totals(self) -> Totals:
        """Rows by status; intended rows without a result count as unknown."""
        raise NotImplementedError

    def rows_in(self, *states: State) -> Iterator[range]:
        """Ascending stretches of rows in any of these states."""
        raise NotImplementedError

    def to_send(
        self, rows: int, *, retry_unknown: bool = False, retry_failed: bool = False
    ) -> Iterator[range]:
        """Ascending stretches of the rows 1..rows still to send. `itertools.chain.from_iterable` gives the rows."""
        raise NotImplementedError
