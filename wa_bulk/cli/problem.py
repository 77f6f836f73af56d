"""What the user is told when something is wrong: one readable block, and the right exit code."""

import errno
from typing import IO, Any

import click

from wa_bulk.cli import exits


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

        headline = f"{click.style('Error:', fg='red', bold=True)} {plain(self.message)}"
        click.echo(headline, file=file, err=True)
        for line in self.details:
            click.echo(f"  {plain(line)}".rstrip(), file=file, err=True)


def cannot_listen(error: OSError, host: str, port: int, already: str) -> Problem:
    """Return what to say where a server cannot listen; `already` asks whether one does so already."""
    in_use = error.errno == errno.EADDRINUSE
    why = "it is in use" if in_use else error.strerror or str(error)
    return Problem(
        f"cannot listen on {host} port {port}: {why}",
        f"{already} --port 0 takes a free port." if in_use else "",
    )
