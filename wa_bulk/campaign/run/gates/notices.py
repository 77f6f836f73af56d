"""What the vendor notifies of while a run is going on: a template that is paused, a number that is flagged.

The memory is looked at every few seconds, beside the sending: rows pay nothing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from wa_bulk.api import TemplateBody
from wa_bulk.campaign.request.blueprint import Blueprint
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.history import HistoryError, Inbox
from wa_bulk.history.notification import Notice, notices
from wa_bulk.history.person import person_of

EVERY_S = 2.0


class NoticeWatch:
    """Stops a run that uses what is not to be used any more; where only some rows do, holds those."""

    def __init__(
        self, inbox: Inbox, blueprint: Blueprint, blocks: Blocks, on_stop: Callable[[str], None]
    ) -> None:
        """Look at what is notified of from now on; call `on_stop` with the reason. Raises HistoryError."""
        self._inbox = inbox
        self._blueprint = blueprint
        self._blocks = blocks
        self._on_stop = on_stop
        self._last_id = inbox.last_id()
        varying = {field.path for field in blueprint.fields}
        body = blueprint.message.body
        self._template = body.template if isinstance(body, TemplateBody) else None
        self._name_varies = "body.template.name" in varying
        self._language_varies = "body.template.language" in varying

    async def run(self) -> None:
        """Look every few seconds, until cancelled. What cannot be read is no reason to stop."""
        while True:
            await asyncio.sleep(EVERY_S)
            with suppress(HistoryError):
                self.look()

    def look(self) -> None:
        """Take in what has come since. Raises HistoryError."""
        for row_id, notice in notices(self._inbox, self._last_id):
            self._last_id = row_id
            match notice.scope:
                case "template":
                    self._template_out_of_use(notice)
                case "sender":
                    self._sender_out_of_use(notice)
                case "account":
                    self._on_stop(notice.words)

    def _template_out_of_use(self, notice: Notice) -> None:
        template = self._template
        if template is None:
            return
        if not self._name_varies and template.name != notice.name:
            return
        if not self._language_varies and template.language != notice.language:
            return
        if self._blueprint.one_template:
            self._on_stop(notice.words)
        else:
            self._blocks.hold_template(notice.name, notice.language, notice.words)

    def _sender_out_of_use(self, notice: Notice) -> None:
        if self._blueprint.senders_vary:
            self._blocks.hold_sender(notice.name, notice.words)
        elif (sender := self._blueprint.message.from_) is None:
            self._on_stop(f"{notice.words} (the campaign names no sending number, so it may be this one)")
        elif person_of(sender) == person_of(notice.name):
            self._on_stop(notice.words)
