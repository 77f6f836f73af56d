"""What a campaign sends, told in a few words for whoever reads its log."""

from __future__ import annotations

from wa_bulk.campaign.file import CampaignFile
from wa_bulk.ledger.log_format import Sends


def sends_of(file: CampaignFile) -> Sends:
    """Return what a campaign sends as its file has it, placeholders included."""
    body = _table(file.message.get("body"))
    template = _table(body.get("template"))
    return Sends(
        campaign=file.name,
        kind=_text(body.get("type")),
        sender=_text(file.message.get("from")),
        template=_text(template.get("name")),
        language=_text(template.get("language")),
    )


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
