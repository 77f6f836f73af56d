"""`wa-bulk init`."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wa_bulk.cli import exits, options
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.api.account_template import AccountTemplate
    from wa_bulk.campaign.init.columns import Table
    from wa_bulk.campaign.init.draft import Draft
    from wa_bulk.send.template_lookup import TemplateLookup
    from wa_bulk.send.templates import Templates

_F = TypeVar("_F", bound=Callable[..., Any])

_UNSAID = "\0"
"""The value of an option such as --text that was given without one."""

_LISTED_MAX = 40


def _kind(name: str, value: str, text: str) -> Callable[[_F], _F]:
    return options.option(f"--{name}", is_flag=False, flag_value=_UNSAID, metavar=f"[{value}]", help=text)


@click.command("init")
@click.argument("recipients", type=options.TABLE, required=False, metavar="RECIPIENTS")
@options.option("--template", metavar="NAME", help="Send this template.  [default: asked for]")
@options.option("--language", metavar="CODE", help="In this language.  [default: the rows', or the only one]")
@_kind("text", "TEXT", "Send a text instead, which may hold {column}.")
@_kind("image", "LINK", "Send a picture.")
@_kind("video", "LINK", "Send a film.")
@_kind("audio", "LINK", "Send a sound.")
@_kind("document", "LINK", "Send a document.")
@_kind("sticker", "LINK", "Send a sticker.")
@options.option(
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="Where to write the campaign, a new file.  [default: <template or RECIPIENTS>.toml]",
)
@options.reading
@options.base_url
@options.debug
def command(
    recipients: Path | None,
    template: str | None,
    language: str | None,
    output: Path | None,
    country: str | None,
    delimiter: str | None,
    encoding: str | None,
    sheet: str | None,
    base_url: str | None,
    **kinds: str | None,
) -> None:
    """Write a campaign file for a table of recipients.

    Finds the column with the numbers, asks the account what the template takes, and puts the columns where
    they belong by name and content. What cannot be told is marked FILL IN. Then checks the campaign, and says
    what to type next. Without the account's key, what the template takes is left to you.

    \b
    Examples:
      wa-bulk init recipients.csv
      wa-bulk init recipients.csv --template order_update --language en
      wa-bulk init recipients.csv --text "Hello {first_name}" --output hello.toml
    """
    from wa_bulk.campaign.init.columns import look_at
    from wa_bulk.campaign.init.draft import Draft
    from wa_bulk.campaign.sources.base import STANDARD_INPUT
    from wa_bulk.campaign.sources.factory import open_source
    from wa_bulk.campaign.sources.reading import Reading

    given = {kind: value for kind, value in kinds.items() if value is not None}
    if recipients is None:
        recipients, given = _recipients_behind(given)
    if len(given) + (template is not None) > 1:
        raise click.UsageError("A campaign sends one kind of message: give one of --template, --text, …")
    if given and language is not None:
        raise click.UsageError("--language is a template's: give --template too.")
    if recipients == STANDARD_INPUT:
        raise Problem(
            "a campaign file names a file of recipients, and standard input is none", "Save it first."
        )
    reading = {"country": country, "delimiter": delimiter, "encoding": encoding, "sheet": sheet}
    table = look_at(open_source(recipients, Reading(delimiter, encoding, sheet)), country)
    if given:
        output = _free(output or Path(f"{recipients.stem}.toml"))
        draft = Draft(output.stem, _from(output, recipients), table, options.given(**reading))
        ((kind, value),) = given.items()
        said = None if value == _UNSAID else value
        if kind == "text":
            draft.add_text(said)
        else:
            draft.add_media(kind, said)  # type: ignore[arg-type]  # the options are those kinds
    else:
        if output is not None:
            _free(output)
        has_account = _has_account()
        name = template or _asked_for(base_url, has_account)
        output = _free(output or Path(f"{name}.toml"))
        draft = Draft(output.stem, _from(output, recipients), table, options.given(**reading))
        lookup = _looked_up(name, language, base_url) if has_account else None
        draft.add_template(name, *_in_language(lookup, language, table))
    _write(output, draft)
    _finish(output, draft, base_url)


def _recipients_behind(given: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """Return the recipients where they stand behind an option that needs no value: `--text people.csv`."""
    for kind, value in given.items():
        if value != _UNSAID and Path(value).is_file():
            return options.TABLE.convert(value, None, None), {**given, kind: _UNSAID}
    raise click.UsageError("Missing argument 'RECIPIENTS'.")


def _free(output: Path) -> Path:
    """Return a path that nothing is at yet."""
    if output.exists():
        raise Problem(f"{output} exists already, and is not overwritten", "Name another: --output FILE")
    return output


def _from(output: Path, recipients: Path) -> str:
    """Return the recipients' path as the campaign file names it: relative to itself, where it can be."""
    try:
        return Path(os.path.relpath(recipients, output.parent)).as_posix()
    except ValueError:  # another drive
        return str(recipients.absolute())


def _has_account() -> bool:
    from wa_bulk.send.account import credentials_from_env

    try:
        credentials_from_env()
    except ValueError:
        return False
    return True


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked_for(base_url: str | None, has_account: bool) -> str:
    """Ask which template is to be sent, of those that the account has."""
    from wa_bulk.report.words import plain

    names: dict[str, list[str]] = {}
    if has_account:
        names = _approved(base_url)
        if _can_ask():
            for name, languages in sorted(names.items())[:_LISTED_MAX]:
                click.echo(plain(f"  {name:<28} {', '.join(languages)}"), err=True)
    if not _can_ask():
        listed = ", ".join(sorted(names)[:_LISTED_MAX])
        raise Problem(
            "which message is to be sent is not said, and there is no terminal to ask on",
            "Give --template NAME, or --text, --image, --video, --audio, --document or --sticker.",
            f"The account's templates: {listed}" if listed else "",
        )
    chosen: str = click.prompt("Which template", err=True)
    return chosen.strip()


def _approved(base_url: str | None) -> dict[str, list[str]]:
    """Return the languages of the account's approved templates, by name; none where it cannot be asked."""
    from wa_bulk.cli.api_problem import ask
    from wa_bulk.report.words import plain

    async def approved(templates: Templates) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        async for one in templates.iterate():
            if one.status == "APPROVED":
                found.setdefault(one.name, []).append(one.language)
        return found

    try:
        return ask(base_url, "the templates cannot be listed", approved)
    except Problem as problem:
        click.echo(plain(f"warning: {problem.message}"), err=True)
        return {}


def _looked_up(name: str, language: str | None, base_url: str | None) -> TemplateLookup | None:
    """Return what the account has under a name, None where it cannot be asked.

    Raises Problem where it certainly has nothing.
    """
    from wa_bulk.cli.absent_template import absent
    from wa_bulk.cli.api_problem import ask
    from wa_bulk.report.words import plain
    from wa_bulk.send.template_lookup import look_up

    try:
        lookup = ask(
            base_url, "the account's templates are not looked at", lambda t: look_up(t, name, language)
        )
    except Problem as problem:
        click.echo(plain(f"warning: {problem.message}"), err=True)
        return None
    if lookup.is_whole and (not lookup.found or (language and lookup.in_language(language) is None)):
        raise absent(lookup, base_url, language)
    return lookup if lookup.found else None


def _in_language(
    lookup: TemplateLookup | None, language: str | None, table: Table
) -> tuple[str | None, AccountTemplate | None]:
    """Return the language to send in, None for each row's own, and what a template takes in it."""
    if lookup is None:
        return language, None
    if language is not None:
        return language, lookup.in_language(language)
    codes = table.language.cells if table.language is not None else ()
    known = [code for code in codes if code in lookup.languages]
    if known and (len(known) == len(codes) or len(lookup.found) > 1):
        return None, lookup.in_language(known[0])
    if len(lookup.found) == 1:
        return lookup.found[0].language, lookup.found[0]
    exists = f"{lookup.name} exists in {', '.join(lookup.languages)}"
    if not _can_ask():
        raise Problem(f"{exists}, and the rows do not say in which to send it", "Give --language CODE.")
    click.echo(exists, err=True)
    chosen: str = click.prompt(
        "In which language", type=click.Choice(lookup.languages), show_choices=False, err=True
    )
    return chosen, lookup.in_language(chosen)


def _write(output: Path, draft: Draft) -> None:
    """Write the campaign, and take it back where it cannot be one, such as for an unknown {column}."""
    from wa_bulk.campaign.check import preview
    from wa_bulk.campaign.file import CampaignError
    from wa_bulk.campaign.request.blueprint import RowRefused

    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(draft.text())
    except FileExistsError:
        raise Problem(f"{output} exists already, and is not overwritten") from None
    try:
        preview(output, 1)
    except RowRefused:
        pass
    except CampaignError:
        output.unlink()
        raise


def _finish(output: Path, draft: Draft, base_url: str | None) -> None:
    """Check the campaign that was written, and say what to type next."""
    from wa_bulk.campaign.file import MARK
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.cli.check import examine
    from wa_bulk.cli.template_check import asking
    from wa_bulk.report.words import counted

    click.echo(f"Wrote {output}", err=True)
    examine(output, None, Settings(), ask_account=asking(base_url) if _has_account() else None)
    path = shlex.quote(str(output))
    click.echo("", err=True)
    if draft.marks:
        click.echo(f"Open {output} and see to {counted(draft.marks, 'place')} marked {MARK}. Then:", err=True)
        click.echo(f"  wa-bulk check {path}", err=True)
    else:
        click.echo("Next:", err=True)
        click.echo(f"  wa-bulk preview {path}", err=True)
    click.echo(f"  wa-bulk send {path} --limit 1", err=True)
    raise click.exceptions.Exit(exits.FINISHED)
