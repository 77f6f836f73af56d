"""The rows of a run that have a status, as they stand in their source: to be mended, and sent again."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import TextIO

import msgspec

from wa_bulk.campaign.sources.base import RowSource, SourceError
from wa_bulk.campaign.sources.csv import CsvSource
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.campaign.sources.reading import delimiter_named, encoding_named, reading_of
from wa_bulk.ledger.log_format import LogError, ResultLine, RunLine
from wa_bulk.ledger.log_reader import read_run
from wa_bulk.report.delivery_cells import DeliveryCells
from wa_bulk.report.last_words import LastWords
from wa_bulk.report.spreadsheet import as_text
from wa_bulk.report.words import plain

_ARRIVED = ("delivered", "read")
_ADDED = ["status", "reason"]


def source_of(log: Path) -> RowSource:
    """Open the recipients' file that the run of `log` began with.

    Raises LogError where there is no log, or where that file is missing or is not the same any more.
    """
    run = read_run(log)
    path = Path(run.source.path)
    others = f"`wa-bulk report {log} --csv FILE` has every row's number and reason without it"
    try:
        source = open_source(path, reading_of(run.settings))
    except SourceError as error:
        raise LogError(
            f"{error}: these rows are read from the recipients' file of the run. Put it back; {others}"
        ) from None
    _check(source, run, others)
    return source


def _check(source: RowSource, run: RunLine, others: str) -> None:
    if source.sha256() != run.source.sha256:
        raise LogError(
            f"{source.path}: is not the file of recipients this run began with; its rows would be taken for "
            f"others. Put the original back; {others}"
        )


def form_of(log: Path, source: RowSource) -> tuple[str, str]:
    """Return the encoding and the delimiter by which the campaign of `log` reads a CSV."""
    if isinstance(source, CsvSource):
        return source.encoding, source.delimiter
    said = reading_of(read_run(log).settings)
    return encoding_named(said.encoding or "utf-8"), delimiter_named(said.delimiter or ",")


def write_rows(
    log: Path,
    source: RowSource,
    statuses: Collection[str],
    to: TextIO,
    delivery: DeliveryCells | None = None,
    *,
    for_terminal: bool = False,
) -> int:
    """Write the rows of `source` that have one of `statuses`, in its own columns and order; return how many.

    A status is one of the log's or, with `delivery`, of callbacks, or one of Meta's codes. Two columns
    are added: `status` and `reason`; where the source ends in these already, from an earlier time, they are
    written anew. With `for_terminal`, control characters in the source's cells are shown as escapes.
    """
    encoding, delimiter = form_of(log, source)
    writer = csv.writer(to, delimiter=delimiter, lineterminator="\n")
    own = source.header[:-2] if source.header[-2:] == _ADDED else source.header
    writer.writerow([*own, *(_free_name(name, own) for name in _ADDED)])
    written = 0
    with LastWords(log, _reason) as words:
        for row in source.rows():
            status = words.status(row.number)
            state, _, code = delivery.of_row(row.number) if delivery is not None else ("", "", None)
            if status not in statuses and not _came_so_far(status, state, code, statuses):
                continue
            kept = words.words(row.number)
            reason = words.reason_without_result(row.number) if kept is None else msgspec.json.decode(kept)
            reason = reason or " ".join(map(str, filter(None, (state, code))))
            if not row.values:  # they do not fit the header
                reason = f"line {row.line} of {source.path.name}: {reason}"
            reason = as_text(plain(reason)).encode(encoding, "replace").decode(encoding)
            values = row.values or [""] * len(source.header)
            values = [*map(plain, values)] if for_terminal else values
            writer.writerow([*values[: len(own)], status, reason])
            written += 1
    return written


def _came_so_far(status: str, state: str, code: int | None, wanted: Collection[str]) -> bool:
    """Tell whether what callbacks say of a row is wanted. Nothing said of an accepted row is not arrived."""
    taken = status == "accepted" or bool(state)
    return (
        ("read" in wanted and state == "read")
        or ("unread" in wanted and taken and state != "read")
        or ("delivered" in wanted and state in _ARRIVED)
        or ("undelivered" in wanted and taken and state not in _ARRIVED)
        or (code is not None and str(code) in wanted and state not in _ARRIVED)
    )


def _reason(line: ResultLine) -> bytes:
    said = line.error or line.reason or ""
    return msgspec.json.encode(f"{line.code}: {said}" if line.code is not None else said)


def _free_name(name: str, header: Collection[str]) -> str:
    return name if name not in header else _free_name(f"{name} of the run", header)
