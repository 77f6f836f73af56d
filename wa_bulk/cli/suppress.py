"""`wa-bulk suppress`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from wa_bulk.cli import exits, memory, options
from wa_bulk.cli.output import echo_json, is_stream, say_written, written
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.history import Suppressed

_COLUMNS = ("number", "reason", "source", "at")
_NUMBER_COLUMNS = ("number", "phone", "to", "recipient", "mobile", "msisdn", "phone_number")
_IMPORTED_AT_ONCE = 1_000
_BAD_LINES_SHOWN = 10
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{4,}").fullmatch


@click.group("suppress")
@options.debug
def command() -> None:
    """Keep the list of numbers that are not to be written to.

    Every campaign of the account passes over them. People who write STOP are put on it by
    `wa-bulk callbacks`, and taken off by START; whom you add here stays until you remove them.

    \b
    Examples:
      wa-bulk suppress add +447911123456 --reason "asked by phone"
      wa-bulk suppress import unsubscribed.csv
      wa-bulk suppress list
    """


@command.command("add")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@options.option("--reason", default="added by hand", show_default=True, metavar="TEXT", help="Why.")
@options.debug
def add(numbers: tuple[str, ...], reason: str) -> None:
    """Put numbers on the list."""
    from wa_bulk.history import Suppressed
    from wa_bulk.history.database import now_ms

    checked = [_checked(number) for number in numbers]
    with memory.open_memory() as history:
        added = history.suppression.add(
            Suppressed(number=number, source="user", reason=reason, at_ms=now_ms()) for number in checked
        )
    _say_added(added, len(checked))


@command.command("remove")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@options.debug
def remove(numbers: tuple[str, ...]) -> None:
    """Take numbers off the list, whoever put them there.

    Those of people who wrote STOP too: write to them only if they asked you to.
    """
    checked = [_checked(number) for number in numbers]
    with memory.open_memory() as history:
        absent = history.suppression.remove(checked)
    click.echo(f"{_counted(len(checked) - len(absent), 'number')} removed", err=True)
    if absent:
        raise Problem(f"not on the list: {', '.join(absent)}", exit_code=exits.NOT_ALL_ACCEPTED)


@command.command("list")
@options.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@options.debug
def list_(as_json: bool) -> None:
    """Print the list: number, since when, why, and who entered it."""
    import msgspec

    with memory.open_memory() as history:
        history.give_wishes()
        for entry in history.suppression.entries():
            values = _values(entry)
            if as_json:
                echo_json(msgspec.json.encode(values))
            else:
                click.echo("\t".join(map(_plain, values.values())))


@command.command("import")
@click.argument("file", type=options.TABLE, metavar="FILE")
@options.option(
    "--reason", default="imported", show_default=True, metavar="TEXT", help="Why, unless FILE says."
)
@options.debug
def import_(file: Path, reason: str) -> None:
    """Put the numbers of a CSV or text file on the list.

    One number a line, or the column `number`, `phone`, `to`, `recipient`, `mobile` or `msisdn` of a CSV; its
    columns `reason` and `at` are kept, so that what was exported can be imported. Lines without a number that
    can be read are named, and the others imported.
    """
    from wa_bulk.campaign.sources.kinds import is_workbook
    from wa_bulk.campaign.sources.source_file import SourceFile
    from wa_bulk.campaign.sources.text_file import SAVE_AS_CSV, TextFile

    if file.is_file() and not file.stat().st_size:
        raise Problem(f"{file} is empty")
    bad: list[str] = []
    added = read = 0
    source = SourceFile(file)
    if is_workbook(source):
        raise Problem(f"{file} is a workbook: {SAVE_AS_CSV}")
    with memory.open_memory() as history:
        entries = _entries(TextFile(source).lines(), file, reason, bad)
        while batch := list(islice(entries, _IMPORTED_AT_ONCE)):
            added += history.suppression.add(batch)
            read += len(batch)
    if not read and not bad:
        raise Problem(f"{file}: there is no number in it")
    _say_added(added, read)
    if bad:
        have, were = ("has", "was") if len(bad) == 1 else ("have", "were")
        more = [f"and {len(bad) - _BAD_LINES_SHOWN:,} more"] if len(bad) > _BAD_LINES_SHOWN else []
        raise Problem(
            f"{file}: {_counted(len(bad), 'line')} {have} no number that can be read, and {were} left out",
            *bad[:_BAD_LINES_SHOWN],
            *more,
            exit_code=exits.NOT_ALL_ACCEPTED,
        )


@command.command("export")
@click.argument("file", type=options.FilePath(writable=True, allow_dash=True), default="-", metavar="[FILE]")
@options.debug
def export(file: Path) -> None:
    """Write the list as CSV to FILE, a new one, or to standard output."""
    if file.is_file():
        raise Problem(f"{file} exists already", "Name a new file; - is standard output.")
    with memory.open_memory() as history:
        history.give_wishes()
        entries = history.suppression.entries()
        with written(file) as out:
            _write(out, entries, escape=_plain if is_stream(file) else str)
    say_written(file)


def _write(out: IO[str], entries: Iterable[Suppressed], escape: Callable[[str], str]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(escape, _values(entry).values()) for entry in entries)


def _values(entry: Suppressed) -> dict[str, str]:
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return dict(zip(_COLUMNS, (entry.number, entry.reason, entry.source, at), strict=True))


def _entries(lines: Iterator[str], file: Path, reason: str, bad: list[str]) -> Iterator[Suppressed]:
    """Yield what the file asks for; what cannot be read is put into `bad`, with its line."""
    from wa_bulk.history import Suppressed
    from wa_bulk.history.database import now_ms

    at_ms = now_ms()
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(chain([first], lines), delimiter=delimiter)
    header: list[str] = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    column = next((header.index(name) for name in _NUMBER_COLUMNS if name in header), None)
    if column is not None:
        next(rows)
    else:
        header, column = [], 0
    for row in _readable(rows, file):
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, row, strict=False))
        try:
            number = _read(row[column] if column < len(row) else "")
            since_ms = _time_ms(cells["at"]) if cells.get("at") else at_ms
        except ValueError as error:
            bad.append(f"line {rows.line_num}: {error}")
            continue
        yield Suppressed(
            number=number, source="import", reason=cells.get("reason") or reason, at_ms=min(since_ms, at_ms)
        )


def _readable(rows: Iterator[list[str]], file: Path) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise Problem(f"{file} is not a CSV or text file: {error}") from None


def _time_ms(text: str) -> int:
    time = datetime.fromisoformat(text)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _checked(number: str) -> str:
    try:
        return _read(number)
    except ValueError as error:
        raise Problem(f"not a number: {error}") from None


def _read(number: str) -> str:
    """Return a number in E.164 form, or a business-scoped user id as it is. Raises ValueError."""
    from wa_bulk.api.phone_number import e164

    return number.strip() if _USER_ID(number.strip()) else e164(number)


def _plain(text: str) -> str:
    from wa_bulk.report.words import plain

    return plain(text)


def _counted(count: int, noun: str) -> str:
    from wa_bulk.report.words import counted

    return counted(count, noun)


def _say_added(added: int, read: int) -> None:
    rest = f", {read - added:,} on the list already" if read > added else ""
    click.echo(f"{_counted(added, 'number')} added{rest}", err=True)
