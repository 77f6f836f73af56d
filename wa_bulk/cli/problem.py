"""What the user is told when something is wrong: one readable block, and the right exit code."""

import errno
import re
import shutil
import sys
import textwrap
from typing import IO, Any

import click

from wa_bulk.cli import exits

_NARROWEST = 30
_NO_BREAK = "\xa0"
_QUOTED = re.compile(r"`[^`]*`")
_LEFT_AS_IT_IS = re.compile(r"^ |^\d+ \||^wa-bulk |  ")


class Problem(click.ClickException):
    """Something the user can mend. Shown on stderr as a headline and, below it, indented details.

    The first line of `message` is the headline, its other lines and then `details` stand below it.
    """

    def __init__(self, message: str, *details: str, exit_code: int = exits.NOTHING_SENT) -> None:
        headline, *rest = message.strip().split("\n")
        super().__init__(headline)
        self.details = [line for text in ("\n".join(rest), *details) if text for line in text.split("\n")]
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the block to stderr, or to `file`."""
        from wa_bulk.report.words import plain

        headline = f"{click.style('Error:', fg='red', bold=True)} {fitted(plain(self.message), 7)}"
        click.echo(headline, file=file, err=True)
        for line in self.details:
            click.echo(f"  {fitted(plain(line), 2)}".rstrip(), file=file, err=True)


def fitted(text: str, column: int) -> str:
    """Return a line, which begins in `column` (from 0), broken between words where stderr is a terminal.

    What is to be copied, or stands under something else, is left as it is: commands, and lines of a file.
    """
    if not sys.stderr.isatty() or _LEFT_AS_IT_IS.search(text):
        return text
    filled = textwrap.fill(
        _QUOTED.sub(lambda found: found[0].replace(" ", _NO_BREAK), text),
        max(shutil.get_terminal_size().columns, _NARROWEST),
        initial_indent=" " * column,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_NO_BREAK, " ").lstrip(" ")


def cannot_listen(error: OSError | UnicodeError, host: str, port: int, already: str) -> Problem:
    """Return what to say where a server cannot listen; `already` asks whether one does so already.

    UnicodeError is Python's word for a host that is none.
    """
    if isinstance(error, UnicodeError):
        return Problem(f"cannot listen on {host}, which is neither a name nor an address")
    in_use = error.errno == errno.EADDRINUSE
    why = "it is in use" if in_use else error.strerror or str(error)
    return Problem(
        f"cannot listen on {host} port {port}: {why}",
        f"{already} --port 0 takes a free port." if in_use else "",
    )
