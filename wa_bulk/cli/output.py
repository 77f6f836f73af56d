"""Files that a command writes for the user: whole or not at all, and readable by their owner only."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

import click

from wa_bulk.cli.problem import Problem

STDOUT = Path("-")


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


def say_written(path: Path, what: str = "") -> None:
    """Tell that `path` is there now; `what` is in it."""
    if path != STDOUT:
        click.echo(f"wrote {path}{what and f': {what}'}", err=True)


def refuse_log(path: Path) -> None:
    """Raise Problem where `path` is a run's log, the only record of who was written to."""
    from wa_bulk.ledger.log_format import LogError
    from wa_bulk.ledger.log_reader import read_run

    with contextlib.suppress(LogError):
        read_run(path)
        raise Problem(f"{path} is the log of a run, and must not be overwritten", "Name another file.")
