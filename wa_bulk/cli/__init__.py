"""The command line: arguments in, exit codes out. What it does is done in the rooms below."""

import signal
import sys

from wa_bulk.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run `wa-bulk` with the process's arguments, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a terminal that lacks a letter must not end a run
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()
