"""`wa-bulk send --to`: a row's message to one's own phone, before it goes to anybody else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import exits, loop
from wa_bulk.cli.problem import Problem
from wa_bulk.report.words import plain

if TYPE_CHECKING:
    from wa_bulk.api import Message
    from wa_bulk.campaign.file import CampaignFile
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.send.account import Account
    from wa_bulk.send.outcome import Outcome


def send_test(
    file: CampaignFile,
    settings: Settings,
    account: Account,
    number: str,
    row: int,
    *,
    recipients: Path | None,
    yes: bool,
) -> int:
    """Send row `row` of the campaign to `number`, say what became of it, and return the exit code.

    Raises Problem where the number is suppressed or cannot be read, or there is nobody to ask.
    """
    from wa_bulk.api.phone_number import e164
    from wa_bulk.campaign.one_message import message_to
    from wa_bulk.cli.running import has_leave
    from wa_bulk.cli.template_check import ask_account

    try:
        to = e164(number, settings.country)
    except ValueError as error:
        raise Problem(f"--to: {error}") from None
    _refuse_suppressed(file, account.base_url, to)
    message = message_to(
        to,
        file.path,
        row,
        recipients=recipients,
        settings=settings,
        ask_account=partial(ask_account, account=account),
    )
    click.echo(f"{click.style(file.name, bold=True)}, a test: the message of row {row}", err=True)
    click.echo(f"  to        {to}, by {account.base_url}, as {account.dev_key}", err=True)
    click.echo("  log       none: it is in no campaign's log, and no run of the account", err=True)
    has_leave("Send 1 message?", yes=yes)
    outcome = loop.run(_send(message, settings, account.base_url))
    click.echo(_in_a_line(outcome, row, account.base_url))
    return exits.FINISHED if outcome.status == "accepted" else exits.NOT_ALL_ACCEPTED


def _refuse_suppressed(file: CampaignFile, base_url: str, to: str) -> None:
    from wa_bulk.cli.memory import existing_memory, unreadable
    from wa_bulk.history import HistoryError

    if not file.respect_suppression:
        return
    try:
        history = existing_memory(base_url)
        if history is None:
            return
        with history:
            found = history.suppression.of(to)
    except HistoryError as error:
        raise unreadable(error) from error
    if found is not None:
        raise Problem(
            f"{to} is {found.words}",
            "Nothing was sent. wa-bulk suppress remove takes it off the list.",
            "To send all the same: respect_suppression = false in the campaign file.",
        )


async def _send(message: Message, settings: Settings, base_url: str) -> Outcome:
    from wa_bulk.send.client import Client
    from wa_bulk.send.outcome import SendError

    async with Client.from_env(
        base_url=base_url, timeout=settings.timeout, tries=settings.tries, transport=settings.transport
    ) as client:
        try:
            return await client.send(message)
        except SendError as error:
            return error.outcome


def _in_a_line(outcome: Outcome, row: int, base_url: str) -> str:
    from wa_bulk.campaign.run.reasons import reason_of

    what = f"row {row} to {outcome.to} by {base_url}"
    if outcome.status == "accepted":
        return plain(f"accepted: {what}, message_id {outcome.message_id}")
    return plain(f"{outcome.status}: {what}, {reason_of(outcome)}")
