"""What was sent, from which number, to which address, with which settings."""

from __future__ import annotations

from html import escape

from rich.console import RenderableType
from rich.text import Text

from wa_bulk.api.loopback import is_loopback_url
from wa_bulk.ledger.log_format import BASE_URL, Setting
from wa_bulk.report.sections.section import Section, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import plain
from wa_bulk.send import account

_NOT_SHOWN = (None, False, "auto")


def _facts(summary: Summary) -> dict[str, str]:
    """Return what is known of it, by what it is."""
    facts = {}
    if sends := summary.sends:
        what = f"template {sends.template}" if sends.template else sends.kind or ""
        facts["message"] = f"{what}, in {sends.language}" if sends.language else what
        facts["from"] = sends.sender or "the account's own number"
    if address := summary.base_url:
        facts["to"] = f"{address} ({_kind_of(address)})"
    return facts


def _kind_of(address: str) -> str:
    if is_loopback_url(address):
        return "a sandbox"
    return "real" if address == account.BASE_URL else "not EngageLab's own address"


def _settings(summary: Summary) -> str:
    settings = summary.stretches[-1].settings
    return ", ".join(
        f"{name.replace('_', ' ')} {_setting(value)}"
        for name, value in settings.items()
        if value not in _NOT_SHOWN and name != BASE_URL
    )


def _setting(value: Setting) -> str:
    if value is True:
        return "yes"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _terminal(summary: Summary) -> list[RenderableType]:
    return [
        Text.assemble((f"{name:<8} ", "dim"), plain(fact), overflow="fold")
        for name, fact in _facts(summary).items()
        if fact
    ]


def _page(summary: Summary) -> list[str]:
    facts = _facts(summary)
    if facts and (settings := _settings(summary)):
        facts["with"] = settings
    lines = (f"<div><dt>{name}</dt><dd>{escape(fact)}</dd></div>" for name, fact in facts.items() if fact)
    return [f'<dl class="facts">{"".join(lines)}</dl>'] if facts else []


WHAT_WAS_SENT = Section(titled("What was sent"), _terminal, _page, title_on_terminal=False)
