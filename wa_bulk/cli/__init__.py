"""The command line: arguments in, exit codes out. What it does is done in the rooms below."""

import signal

from wa_bulk.cli.app import app
from wa_bulk.cli.interrupt import not_ignored
from wa_bulk.cli.streams import steady

__all__ = ["app", "main"]


def main() -> None:
    """Run `wa-bulk` with the process's arguments, and end the process with its exit code."""
    steady()
    for number in not_ignored():
        signal.signal(number, signal.default_int_handler)
    app()
