"""What one row's answer has taught about others: sending numbers and templates that are of no use for now."""

from __future__ import annotations

import msgspec

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.reasons import not_sent_now
from wa_bulk.ledger.base import Ledger
from wa_bulk.send.outcome import Outcome


class Blocks:
    """Sending numbers that the key may not use, or that were asked to wait; templates that are missing."""

    def __init__(self) -> None:
        self.any = False
        self.held: dict[str | tuple[str, str] | None, str] = {}
        """Sending numbers, and templates by name and language, that must wait longer than the run does, with
        what a person should know of it."""
        self.held_rows = 0
        """Rows that were passed over for it: they are as if the run had not come to them."""
        self.rejected: tuple[int, int] | None = None
        """The first and the last row that was rejected unsent, for a missing template."""
        self.rejected_rows = 0
        self._senders: set[str | None] = set()
        self._templates: dict[tuple[str, str], Outcome] = {}
        self._holds_templates = False

    def refuse_sender(self, row: RenderedRow) -> None:
        """Note that the key may not send from this row's number."""
        self._senders.add(row.sender)
        self.any = True

    def refuse_template(self, row: RenderedRow, outcome: Outcome) -> None:
        """Note that this row's template, in its language, is missing."""
        self._templates[_template_of(row)] = outcome
        self.any = True

    def hold_sender(self, sender: str | None, reason: str) -> None:
        """Note that this number must wait."""
        self.held[sender] = reason
        self.any = True

    def hold_template(self, name: str, language: str, reason: str) -> None:
        """Note that this template must wait."""
        self.held[name, language] = reason
        self._holds_templates = self.any = True

    def stops(self, row: RenderedRow, ledger: Ledger, *, intended: bool = False) -> bool:
        """Tell whether `row` is not to be sent now; settle it where that is for good."""
        if row.sender in self._senders:
            outcome = not_sent_now(row, "failed", f"the API key may not send from {row.sender}")
        elif row.sender in self.held or (self._holds_templates and _template_of(row) in self.held):
            if not (row.attempts and row.maybe_taken):
                self.held_rows += 1
                if intended:
                    ledger.withdraw([row.number], "its sending number or template must wait")
                return True
            reason = "its sending number or template must wait, and an earlier try may have been taken"
            outcome = not_sent_now(row, "unknown", reason)
        elif self._templates and (known := self._templates.get(_template_of(row))) is not None:
            outcome = not_sent_now(row, "rejected", known.message, known.code)
            first, last = self.rejected or (row.number, row.number)
            self.rejected = min(first, row.number), max(last, row.number)
            self.rejected_rows += 1
        else:
            return False
        ledger.settle(row.number, row.to, outcome)
        return True


class _TemplateName(msgspec.Struct):
    name: str = ""
    language: str = ""


class _TemplateBody(msgspec.Struct):
    template: _TemplateName = msgspec.field(default_factory=_TemplateName)


class _TemplateMessage(msgspec.Struct):
    body: _TemplateBody


_decode = msgspec.json.Decoder(_TemplateMessage).decode


def _template_of(row: RenderedRow) -> tuple[str, str]:
    template = _decode(row.payload).body.template
    return template.name, template.language
