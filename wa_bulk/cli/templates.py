"""`wa-bulk templates`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import exits, options
from wa_bulk.cli.absent_template import absent
from wa_bulk.cli.api_problem import ask
from wa_bulk.cli.output import echo_json
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.api.account_template import AccountTemplate
    from wa_bulk.api.template_definition import TemplateDefinition
    from wa_bulk.send.template_lookup import TemplateLookup
    from wa_bulk.send.templates import Templates

LANGUAGE = options.option("--language", metavar="CODE", help="Only this language, such as en or pt_BR.")
WAIT = options.option("--wait", is_flag=True, help="Wait for the review, and say how it went.")


@click.group("templates")
@options.debug
def command() -> None:
    """List, show, create and change the account's templates.

    A template reaches people who did not write within 24 hours, and must pass Meta's review first.

    \b
    Examples:
      wa-bulk templates list
      wa-bulk templates show order_update
      wa-bulk templates create order_update.en.json --wait
      wa-bulk templates pull templates/
    """


@command.command("list")
@click.argument("name", required=False, metavar="[NAME]")
@LANGUAGE
@options.option("--category", metavar="CATEGORY", help="Only these: AUTHENTICATION, MARKETING or UTILITY.")
@options.option("--status", metavar="STATUS", help="Only these, such as APPROVED or PAUSED.")
@options.option("--json", "as_json", is_flag=True, help="One JSON object a line, as the API gives it.")
@options.base_url
@options.debug
def list_(
    name: str | None,
    language: str | None,
    category: str | None,
    status: str | None,
    as_json: bool,
    base_url: str | None,
) -> None:
    """List the account's templates, or those with NAME in their name.

    Name, language, category, status, and what a message must bring for its variables.
    """
    import msgspec

    from wa_bulk.cli.template_display import variables_in_words
    from wa_bulk.report.words import counted, plain

    rows: list[tuple[str, ...]] = []

    async def read(templates: Templates) -> None:
        found = templates.iterate(
            name,
            language=language,
            category=category.upper() if category else None,  # type: ignore[arg-type]  # an open set
            status=status.upper() if status else None,  # type: ignore[arg-type]
        )
        async for one in found:
            if as_json:
                echo_json(msgspec.json.encode(one.raw))
            else:
                texts = (one.name, one.language, one.category, one.status, variables_in_words(one))
                rows.append(tuple(map(plain, texts)))

    ask(base_url, "the templates cannot be listed", read)
    if as_json:
        return
    if not rows:
        click.echo("No templates." if name is None else f"No template has {name!r} in its name.", err=True)
        return
    _print_columns([("NAME", "LANGUAGE", "CATEGORY", "STATUS", "VARIABLES"), *sorted(rows)])
    click.echo(counted(len(rows), "template"), err=True)


@command.command("show")
@click.argument("name", metavar="NAME")
@LANGUAGE
@options.option("--json", "as_json", is_flag=True, help="One JSON object a line, as the API gives it.")
@options.base_url
@options.debug
def show(name: str, language: str | None, as_json: bool, base_url: str | None) -> None:
    """Show a template in each of its languages, as the phone shows it."""
    import msgspec
    from rich.console import Console

    from wa_bulk.cli.template_display import on_the_phone

    found = _found(base_url, name, language)
    if as_json:
        for one in found:
            echo_json(msgspec.json.encode(one.raw))
        return
    console = Console(highlight=False, markup=False)
    for one in found:
        console.print(on_the_phone(one, console.width))


@command.command("create")
@click.argument("file", type=options.FILE, metavar="FILE")
@WAIT
@options.base_url
@options.debug
def create(file: Path, wait: bool, base_url: str | None) -> None:
    """Create a template, which goes to Meta's review.

    FILE is the API's JSON: name, language, category and components, as `pull` writes it. It is checked
    before anything is sent. Prints the new template's id.
    """
    from wa_bulk.report.words import plain

    definition = _read(file)
    template_id = ask(
        base_url,
        f"{definition.name} ({definition.language}) was not created",
        lambda templates: templates.create(definition),
    )
    click.echo(plain(template_id))
    _tell_review(definition, template_id, "created", wait, base_url)


@command.command("update")
@click.argument("file", type=options.FILE, metavar="FILE")
@options.option("--id", "template_id", metavar="ID", help="Of the template.  [default: found by its name]")
@WAIT
@options.base_url
@options.debug
def update(file: Path, template_id: str | None, wait: bool, base_url: str | None) -> None:
    """Change a template, which goes to review again.

    The template is the one of the name and language in FILE, which stay. FILE is checked before anything
    is sent.
    """
    definition = _read(file)
    if template_id is None:
        (found, *_) = _found(base_url, definition.name, definition.language)
        template_id = found.id
        if not template_id:
            raise Problem(f"{definition.name} is listed without an id", "Give it: --id ID")
    of_template: str = template_id
    ask(
        base_url,
        f"{definition.name} ({definition.language}) was not changed",
        lambda templates: templates.update(of_template, definition),
    )
    _tell_review(definition, template_id, "changed", wait, base_url)


@command.command("delete")
@click.argument("name", metavar="NAME")
@options.yes
@options.base_url
@options.debug
def delete(name: str, yes: bool, base_url: str | None) -> None:
    """Delete a template in every language, and ask first.

    The API deletes no single language.
    """
    from wa_bulk.report.words import counted, plain

    lookup = _looked_up(base_url, name)
    if not lookup.found:
        raise absent(lookup, base_url)
    languages = counted(len(lookup.found), "language")
    languages = f"{'' if lookup.is_whole else 'at least '}{languages}"
    names = ", ".join(map(plain, lookup.languages))
    click.echo(
        f"This deletes {plain(name)} in every language, not in one alone ({languages}: {names}).\n"
        "It cannot be undone, and campaigns that use it fail from then on.",
        err=True,
    )
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Problem(
                "nothing was deleted: there is no terminal to ask on", "Add --yes to delete without asking."
            )
        if not click.confirm(f"Delete {name}?", err=True):
            click.echo("Nothing was deleted.", err=True)
            raise click.exceptions.Exit(exits.NOTHING_SENT)
    ask(base_url, f"{name} was not deleted", lambda templates: templates.delete(name))
    click.echo(f"{plain(name)} deleted in {languages}", err=True)


@command.command("pull")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@options.base_url
@options.debug
def pull(folder: Path, base_url: str | None) -> None:
    """Keep the templates as files, for version control.

    Writes one for each template into DIR. The same templates give the same files, byte for byte; files that
    are up to date are not touched. Each is what `create` and `update` take.
    """
    from wa_bulk.cli import template_files
    from wa_bulk.report.words import counted

    templates = ask(base_url, "the templates cannot be listed", lambda templates: templates.list())
    pulled = template_files.pull(templates, folder)
    click.echo(
        f"{counted(len(templates), 'template')} in {folder}: {len(pulled.new):,} new, "
        f"{len(pulled.changed):,} changed, {pulled.unchanged:,} as before",
        err=True,
    )
    if pulled.stale:
        click.echo(f"No template of the account, and left alone: {', '.join(pulled.stale)}", err=True)


def _looked_up(base_url: str | None, name: str, language: str | None = None) -> TemplateLookup:
    from wa_bulk.send.template_lookup import look_up

    return ask(base_url, f"{name} cannot be looked up", lambda templates: look_up(templates, name, language))


def _found(base_url: str | None, name: str, language: str | None) -> list[AccountTemplate]:
    """Return the template in `language`, or in each of its languages. Raises Problem where there is none."""
    lookup = _looked_up(base_url, name, language)
    found = [one for one in lookup.found if language in (None, one.language)]
    if not found:
        raise absent(lookup, base_url, language)
    return sorted(found, key=lambda one: one.language)


def _read(file: Path) -> TemplateDefinition:
    from wa_bulk.api.definition_json import read_definition
    from wa_bulk.api.errors import ValidationError
    from wa_bulk.campaign.small_file import read_small

    try:
        return read_definition(read_small(file))
    except ValidationError as error:
        at = f", {error.field}" if error.field else ""
        raise Problem(f"{file}{at}: {error.fault}; {error.rule}", "Nothing was sent.") from None


def _tell_review(
    definition: TemplateDefinition, template_id: str, done: str, wait: bool, base_url: str | None
) -> None:
    """Say how far the review is; with `wait`, once it has ended. Exits with 1 where it was not approved."""
    from wa_bulk.cli.template_review import reviewed
    from wa_bulk.report.words import plain

    name = f"{definition.name} ({definition.language})"
    click.echo(f"{name} {done}", err=True)
    try:
        template = ask(
            base_url,
            f"{name} was {done}, and its review cannot be looked at",
            lambda templates: reviewed(templates, template_id, wait=wait),
        )
    except KeyboardInterrupt:
        click.echo(f"Still in review: `wa-bulk templates show {definition.name}` tells.", err=True)
        raise
    why = template.raw.get("rejected_reason") or template.raw.get("reason")
    reason = f", {why}" if isinstance(why, str) and why != "NONE" else ""
    click.echo(f"{name} is {plain(template.status or 'without a status')}{plain(reason)}", err=True)
    if wait and template.status != "APPROVED":
        raise click.exceptions.Exit(exits.NOT_ALL_ACCEPTED)


def _print_columns(rows: list[tuple[str, ...]]) -> None:
    """Print a table whose columns are as wide as they must be, for a person and for awk alike."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
