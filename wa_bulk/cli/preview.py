"""`wa-bulk preview`."""

from __future__ import annotations

from pathlib import Path

import click

from wa_bulk.cli import options
from wa_bulk.cli.output import echo_json


@click.command("preview")
@options.campaign_argument
@options.option(
    "--row",
    type=options.WholeNumber(min=1),
    default=1,
    metavar="N",
    show_default=True,
    help="Which data row of the CSV.",
)
@options.option(
    "--text",
    "as_text",
    is_flag=True,
    help="What the phone shows, with the template's own text where the account tells it.",
)
@options.option("--offline", is_flag=True, help="With --text: do not ask the account for the template.")
@options.base_url
@options.recipients
@options.reading
@options.debug
def command(
    campaign: Path,
    row: int,
    as_text: bool,
    offline: bool,
    base_url: str | None,
    recipients: Path | None,
    **reading: str | None,
) -> None:
    """Print the exact request that a row would be sent as, in JSON.

    \b
    Examples:
      wa-bulk preview campaign.toml
      wa-bulk preview campaign.toml --row 12 --text
      wa-bulk preview campaign.toml --row 12 | jq .body
    """
    import msgspec

    from wa_bulk.campaign.check import preview
    from wa_bulk.campaign.settings import Settings

    settings = msgspec.convert(reading, Settings)
    request = preview(campaign, row, recipients=recipients, settings=settings)
    if as_text:
        _show(request, row, base_url, offline=offline)
    else:
        echo_json(msgspec.json.format(request))


def _show(request: bytes, row: int, base_url: str | None, *, offline: bool) -> None:
    from wa_bulk.api import TemplateBody, decode
    from wa_bulk.cli.phone_view import phone_view
    from wa_bulk.cli.template_check import ask_for
    from wa_bulk.report.words import plain

    message = decode(request)
    template = None
    sender = message.from_ or "the account's default number"
    click.echo(f"row {row:,}, to {', '.join(message.recipients)} from {sender}")
    if isinstance(message.body, TemplateBody):
        sent = message.body.template
        click.echo(f"template {sent.name}, language {sent.language}")
        if not offline:
            asked = ask_for(sent, base_url)
            template = asked.of(sent)
            if asked.problem is not None:
                click.echo(
                    plain(f"The account could not be asked for the template: {asked.problem}"), err=True
                )
        if template is None:
            click.echo("its text is not known here; these are the values that fill it")
    click.echo()
    for line in phone_view(message, template):
        click.echo(plain(line))
