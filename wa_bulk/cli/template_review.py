"""Meta's review of a template, watched until it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from wa_bulk.send.outcome import ApiError

if TYPE_CHECKING:
    from wa_bulk.api.account_template import AccountTemplate
    from wa_bulk.send.templates import Templates

_IN_REVIEW = ("", "PENDING", "IN_APPEAL")
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_FAILURES_MAX = 10


async def reviewed(templates: Templates, template_id: str, *, wait: bool) -> AccountTemplate:
    """Return the template as it is now, or with `wait` once it is in review no more.

    Asks again ever less often, and passes over a few failures while it waits. Raises ApiError.
    """
    pause_s, failures, told = _FIRST_PAUSE_S, 0, False
    while True:
        try:
            template = await templates.get(template_id)
        except ApiError as error:
            failures += 1
            if not wait or error.outcome.fatal or error.outcome.status == "rejected":
                raise
            if failures == _FAILURES_MAX:
                raise
        else:
            failures = 0
            if not wait or template.status not in _IN_REVIEW:
                return template
            if not told:
                told = True
                click.echo("In review: waiting for the result (Ctrl-C ends the waiting) …", err=True)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
