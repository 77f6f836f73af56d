"""One row's message to somebody else: a test, in no campaign's books."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from wa_bulk.api import Message, decode
from wa_bulk.campaign.check import preview
from wa_bulk.campaign.file import load
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.template_check import AskAccount

_TAG = "wa_bulk"


def message_to(
    to: str,
    campaign: Path,
    row: int,
    *,
    recipients: Path | None = None,
    settings: Settings | None = None,
    ask_account: AskAccount | None = None,
) -> Message:
    """Return the message of data row `row` (from 1), to `to` instead of the row's recipient.

    Its request_id says that it is a test, and it has no tag, so that no callback speaks of it as of the
    row. Raises CampaignError, SourceError (no such row) and RowRefused, as `preview` does.
    """
    load(campaign).require_finished()
    message = decode(
        preview(campaign, row, recipients=recipients, settings=settings, ask_account=ask_account)
    )
    args = {key: value for key, value in (message.custom_args or {}).items() if key != _TAG}
    return replace(message, to=to, request_id=f"test-{message.request_id}", custom_args=args or None)
