"""The command `wa-bulk`: its parts, and the one place where an exception becomes a message."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from wa_bulk.cli import dotenv, exits, options
from wa_bulk.cli.problem import Problem, fitted
from wa_bulk.cli.streams import give_up_stdout

_COMMANDS = (
    "demo",
    "init",
    "send",
    "resume",
    "check",
    "preview",
    "report",
    "runs",
    "callbacks",
    "settle",
    "suppress",
    "templates",
    "cluster",
    "sandbox",
)
_ENVIRONMENT = {
    "WA_BULK_DEV_KEY": "the EngageLab account's key",
    "WA_BULK_DEV_SECRET": "its secret; neither is ever taken from the command line",
    "WA_BULK_BASE_URL": "where the API is, if not at https://wa.api.engagelab.cc",
    "WA_BULK_DB": "the account's memory: callbacks, suppressed numbers, runs",
    "WA_BULK_CALLBACK_SECRET": "what callbacks are signed with",
    "WA_BULK_REDIS": "where Redis is, for `cluster`",
}


class App(click.Group):
    """A group that imports a command when it is needed, and tells what went wrong in one readable block."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; each has a module of its own."""
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"wa_bulk.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begin with; where there is none, the error names the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if near := get_close_matches(args[0], _COMMANDS, n=1):
                ctx.fail(f"{error.message} Did you mean `{near[0]}`?")
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and the environment below the commands."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in exits.MEANING.items()])
        with formatter.section("Environment"):
            formatter.write_dl([*_ENVIRONMENT.items()])

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments; --help and --version write to stdout here already."""
        with _put_into_words():
            context = super().make_context(info_name, args, parent, **extra)
            if not context.resilient_parsing:  # for a shell that completes a line
                context.call_on_close(dotenv.take())
            return context

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it raises ends as a message on stderr and an exit code."""
        with _put_into_words(ctx):
            return super().invoke(ctx)


@contextmanager
def _put_into_words(ctx: click.Context | None = None) -> Iterator[None]:
    """Turn what is raised within into what click shows; with --debug, the traceback goes before it."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit) as error:
        if isinstance(error, click.UsageError):
            before = len("Error: ") + len(error.format_message()) - len(error.message)
            error.message = fitted(error.message, before)  # type: ignore[misc]  # click's own is final
        if error.__cause__ is not None:
            _debug(ctx, error.__cause__)
        raise
    except (KeyboardInterrupt, click.Abort) as error:
        _debug(ctx, error)
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(exits.INTERRUPTED) from None
    except (BrokenPipeError, SystemExit):  # as in `wa-bulk report … | head`; SystemExit is rich's word for it
        give_up_stdout()
        raise click.exceptions.Exit(exits.NOTHING_SENT) from None
    except Exception as error:
        _debug(ctx, error)
        raise _problem(error) from None


def _debug(ctx: click.Context | None, error: BaseException) -> None:
    if ctx is not None and options.is_debug(ctx):
        click.echo("".join(traceback.format_exception(error)), err=True)


def _problem(error: Exception) -> Problem:
    import shutil

    from wa_bulk.api import ValidationError
    from wa_bulk.campaign.file import CampaignError
    from wa_bulk.campaign.request.blueprint import RowRefused
    from wa_bulk.campaign.selections.spec import SelectionError
    from wa_bulk.campaign.sources.base import SourceError
    from wa_bulk.history.errors import HistoryError
    from wa_bulk.ledger.log_format import LogError

    told = (
        CampaignError | SelectionError | SourceError | LogError | RowRefused | ValidationError | HistoryError
    )
    if isinstance(error, told):
        return Problem(str(error))
    if isinstance(error, shutil.Error):  # of several files, in a form of its own
        (_, copy, fault), *_ = error.args[0]
        return Problem(f"{copy}: cannot be written: {fault}")
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or ("standard output" if give_up_stdout() else None)
        return Problem(f"{where}: {error.strerror}" if where else error.strerror)
    return Problem(
        f"{type(error).__name__}: {error}",
        "This is a fault of wa-bulk, not of yours. Run it again with --debug for the whole story.",
    )


@click.group(
    cls=App,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="wa-bulk", prog_name="wa-bulk")
@options.debug
def app() -> None:
    """Send WhatsApp messages in bulk through EngageLab: fast, paced, and with books that balance.

    \b
    New here?  wa-bulk demo                 a campaign in ten seconds, no account
    Then:      wa-bulk check campaign.toml  what is wrong with it, before sending
               wa-bulk send campaign.toml   asks first
    """
