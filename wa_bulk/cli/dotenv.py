"""A file `.env` in the working directory, which may hold what the environment does not.

What is set in the environment wins. An address is taken from the file only where key and secret are taken
from it too: no folder that one happens to be in can send somebody's key elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import click

from wa_bulk.cli.problem import Problem

FILE = Path(".env")
_PREFIX = "WA_BULK_"
_CREDENTIALS = ("WA_BULK_DEV_KEY", "WA_BULK_DEV_SECRET")
_ADDRESSES = ("WA_BULK_BASE_URL", "WA_BULK_ALLOW_HTTP", "WA_BULK_REDIS")
_BYTES_MAX = 1 << 20

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>WA_BULK_\w*)\s*=\s*
    (?: "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<bare>[^"'\s][^\s]*)? ) \s* (?:\s\#.*)?""",
    re.VERBOSE,
)

_taken: set[str] = set()
_passed_over: set[str] = set()


def take() -> Callable[[], None]:
    """Put what `.env` says and the environment does not into the environment; return what undoes it.

    Raises Problem where a line of it that is meant for wa-bulk cannot be read.
    """
    values = {name: value for name, value in _read(FILE).items() if not os.environ.get(name, "").strip()}
    if not all(name in values for name in _CREDENTIALS):
        _passed_over.update(name for name in _ADDRESSES if values.pop(name, None) is not None)
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    _taken.update(values)

    def undo() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _taken.clear()
        _passed_over.clear()

    return undo


def say_used(*names: str) -> None:
    """Tell on stderr which of these variables come from `.env`, and which address in it is not used."""
    if used := [name for name in names if name in _taken]:
        click.echo(f"From {FILE} in this folder: {', '.join(used)}", err=True)
    for name in names:
        if name in _passed_over:
            click.echo(
                f"{name} in {FILE} is not used: key and secret are not both taken from that file", err=True
            )


def _read(path: Path) -> dict[str, str]:
    """Return the variables of wa-bulk that a file sets; none where there is no such file."""
    try:
        if not path.is_file() or path.stat().st_size > _BYTES_MAX:
            return {}
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror}") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not re.match(rf"\s*(export\s+)?{_PREFIX}", line):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            name = re.sub(r"\s*(export\s+)?(\w+).*", r"\2", line)
            raise Problem(
                f"{path}, line {number}: {name} cannot be read",
                f"Expected {name}=value; a value with blanks in it stands in quotes.",
            )
        values[found["name"]] = found["double"] or found["single"] or found["bare"] or ""
    return {name: value for name, value in values.items() if value}
