"""`wa-bulk preview`."""

from __future__ import annotations

from pathlib import Path

import click

from wa_bulk.cli import options


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
@options.recipients
@options.debug
def command(campaign: Path, row: int, recipients: Path | None) -> None:
    """Print the exact request that a row would be sent as, in JSON.

    \b
    Examples:
      wa-bulk preview campaign.toml
      wa-bulk preview campaign.toml --row 12 | jq .body
    """
    import msgspec

    from wa_bulk.campaign.check import preview

    click.echo(msgspec.json.format(preview(campaign, row, recipients=recipients)))
