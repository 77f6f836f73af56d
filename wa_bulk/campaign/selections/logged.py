"""The people of an earlier run by what became of them: a number has the strongest status of all its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from wa_bulk.campaign.file import CampaignError, load
from wa_bulk.campaign.recipients import as_run_read, open_recipients
from wa_bulk.campaign.request.blueprint import RowRefused, compile_campaign
from wa_bulk.campaign.selections.spec import CALLBACK_STATUSES, LOG_STATUSES, SelectionError
from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.history.delivery import Deliveries
from wa_bulk.history.number_map import NumberMap, key_of
from wa_bulk.ledger.log_format import LogError, ResultLine, RunLine
from wa_bulk.ledger.log_reader import read
from wa_bulk.ledger.past import read_past
from wa_bulk.ledger.row_states import CODES, CUT_OFF, NEVER

DEFAULT_STATUSES = ("accepted", "unknown")
"""Everybody who was, or may have been, written to."""

OpenDeliveries = Callable[[str | None], Deliveries | None]
"""Gives the callbacks known of the API at an address, the usual one where it is None; None for no memory."""

_CODES_MAX = 100
_FAILED = ("target_invalid", "sent_failed", "delivered_failed")
_KNOWN = 0x80
"""Marks a row's level once the number it went to is known."""


class Levels:
    """How strong what is known of a row is, as numbers from 1 on; the later of these wins for a number:

    unsent, skipped, rejected, failed, unknown, accepted but not delivered (with each of the codes that are
    asked for, or another one), accepted, delivered, read.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        self.unsent, self.skipped, self.rejected, self.failed, self.unknown = range(1, 6)
        self.of_code = {code: level for level, code in enumerate(codes, 6)}
        self.undelivered = 6 + len(codes)
        self.accepted, self.delivered, self.read = range(self.undelivered + 1, self.undelivered + 4)

    def of_status(self, status: str) -> frozenset[int]:
        """Return the levels that a status of a selection stands for."""
        taken = range(6, self.read + 1)
        if status in self.of_code:
            return frozenset({self.of_code[status]})
        match status:
            case "accepted":
                return frozenset(taken)
            case "delivered":
                return frozenset({self.delivered, self.read})
            case "unread":
                return frozenset(taken) - {self.read}
            case "undelivered":
                return frozenset(taken) - {self.delivered, self.read}
        level: int = getattr(self, status)
        return frozenset({level})


def from_log(
    path: Path, statuses: Sequence[str], open_deliveries: OpenDeliveries
) -> tuple[NumberMap, frozenset[int], str]:
    """Return the numbers of a run with their levels, the levels that `statuses` stand for, and the run's id.

    A row's status is the log's own, unless one of `statuses` is of callbacks: then what these say of a row
    goes before it. Whom a row was for that has no result, is read from the run's recipients.

    Raises SelectionError where callbacks are asked for and none are known, or the recipients are needed and
    are not what they were; LogError, HistoryError.
    """
    codes = [status for status in statuses if status not in (*LOG_STATUSES, *CALLBACK_STATUSES)]
    if len(codes) > _CODES_MAX:
        raise SelectionError(f"{path}: more than {_CODES_MAX} codes at once")
    of = Levels(codes)
    wanted = frozenset[int]().union(*map(of.of_status, statuses))
    past = read_past(path)
    run = past.run
    by_row = _levels_of_log(past.states.bytes, run.source.rows, of)
    del past  # a byte a row
    if codes or any(status in CALLBACK_STATUSES for status in statuses):
        _hear(by_row, open_deliveries(run.base_url), run, path, of)
    numbers = NumberMap(len(by_row))
    for line in read(path):
        if isinstance(line, ResultLine) and line.to:
            try:
                key = key_of(line.to)
            except ValueError:
                continue  # the cell's text, of a row that could not be sent
            numbers.raise_to(key, by_row[line.row - 1] & ~_KNOWN)
            by_row[line.row - 1] |= _KNOWN
    least = of.unsent if of.unsent in wanted else of.unknown
    without_number = bytes(
        level >= least and level not in (of.skipped, of.rejected) and level < _KNOWN for level in range(256)
    )
    found = re.finditer(rb"\x01+", by_row.translate(without_number))
    ranges = [range(match.start() + 1, match.end() + 1) for match in found]
    if ranges:
        for row, number in _recipients(run, path, ranges):
            numbers.raise_to(key_of(number), by_row[row - 1])
    return numbers, wanted, run.run_id


def _levels_of_log(states: bytearray, rows: int | None, of: Levels) -> bytearray:
    table = bytearray(256)
    table[NEVER], table[CUT_OFF] = of.unsent, of.unknown
    for status, code in CODES.items():
        table[code] = getattr(of, status)
    levels = states.translate(table)
    return levels + bytes([of.unsent]) * ((rows or 0) - len(levels))


def _hear(by_row: bytearray, deliveries: Deliveries | None, run: RunLine, path: Path, of: Levels) -> None:
    heard = False
    for delivery in deliveries.of_run(run.run_id) if deliveries is not None else ():
        heard = True
        best = delivery.best
        if best.state == "read" or best.state == "delivered":
            level = of.read if best.state == "read" else of.delivered
        elif best.state in _FAILED:
            level = of.of_code.get(str(best.code), of.undelivered)
        else:
            level = of.accepted
        if delivery.row <= len(by_row):
            by_row[delivery.row - 1] = level
    if not heard:
        raise SelectionError(
            f"no callback is known of the run of {path}, so who got its messages cannot be told: receive "
            "callbacks by `wa-bulk callbacks` while you send (docs/callbacks.md)"
        )


def _recipients(run: RunLine, path: Path, ranges: Sequence[range]) -> Iterator[tuple[int, str]]:
    """Yield row and number of these rows of the run, from the files it began with."""
    try:
        file = load(Path(run.campaign))
        read = as_run_read(file, run.settings)
        source = open_recipients(read, Path(run.source.path))
        changed = file.path if file.sha256 != run.campaign_sha256 else None
        changed = source.path if source.sha256() != run.source.sha256 else changed
        if changed is not None:
            raise LogError(f"{changed} is not the file that run began with")
        recipient = compile_campaign(read, source.header, run.run_id, source.rows).recipient
        for row in source.rows_in(ranges):
            if row is not None and row.problem is None:
                try:
                    yield row.number, recipient(row.values)
                except RowRefused:
                    continue
    except (CampaignError, SourceError, LogError) as error:
        rows = sum(map(len, ranges))
        raise SelectionError(
            f"{path} has no number for {rows:,} of its rows, which were on their way when it broke off, or "
            f"never sent; and its recipients cannot be read: {error}. Put the original back"
        ) from None
