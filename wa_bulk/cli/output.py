"""Files that a command writes for the user: whole or not at all, and readable by their owner only."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

import click

from wa_bulk.cli.paths import kind_of
from wa_bulk.cli.problem import Problem

STDOUT = Path("-")
_steers = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SQLITE = b"SQLite format 3\0"
_PRECIOUS: dict[str | None, str] = {"log": "the log of a run", "campaign": "a campaign"}


def is_stream(path: Path) -> bool:
    """Tell whether it is standard output, a pipe or a device, and so may be a terminal."""
    return path == STDOUT or (path.exists() and not path.is_file())


@contextmanager
def written(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open what is to become `path`, line breaks as they are written; `-` is standard output.

    A file that is there keeps what it holds until all is written. Raises Problem where it cannot be.
    """
    if path == STDOUT:
        yield cast("TextIO", click.open_file("-", "w", encoding=encoding))
        return
    try:
        if is_stream(path):
            with path.open("w", encoding=encoding, newline="") as stream:
                yield stream
            return
        with _replaced(path.resolve()) as file, open(file, "w", encoding=encoding, newline="") as stream:  # noqa: PTH123
            yield stream
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        text = f"{path}: cannot be written: {encoding}, the campaign's encoding, has no {letter!r}"
        raise Problem(text) from error
    except OSError as error:
        if error.filename not in (None, str(path)):
            raise
        raise Problem(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def _replaced(path: Path) -> Iterator[int]:
    """Yield a new file that takes the place of `path` in the end, if nothing is raised before."""
    try:
        file, name = tempfile.mkstemp(prefix=".wa-bulk-", dir=path.parent)
    except OSError as error:
        error.filename = None  # nobody knows that name
        raise
    try:
        yield file
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def echo_json(text: bytes) -> None:
    """Print JSON. What in it could steer a terminal is escaped, which changes nothing of what it says."""
    click.echo(_steers.sub(lambda found: rf"\u{ord(found[0]):04x}", text.decode()).encode())


def say_written(path: Path, what: str = "") -> None:
    """Tell that `path` is there now; `what` is in it."""
    if path != STDOUT:
        click.echo(f"wrote {path}{what and f': {what}'}", err=True)


def refuse_to_overwrite(path: Path, inputs: Iterable[tuple[str, Path | None]]) -> None:
    """Raise Problem where `path` is one of `inputs`, each with what it is, under whatever name.

    Also where it is what nothing should overwrite: a log, which alone knows who was written to, a campaign,
    or a database, such as the account's memory.
    """
    if path == STDOUT or not path.is_file():
        return
    what = next((what for what, file in inputs if file and file.exists() and file.samefile(path)), None)
    if what is None:
        what = "a database" if _is_database(path) else _PRECIOUS.get(kind_of(path))
    if what is not None:
        raise Problem(f"{path} is {what}, and must not be overwritten", "Name another file.")


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
