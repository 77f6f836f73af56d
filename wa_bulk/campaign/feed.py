"""From the rows of the source to the rows to be sent: rendered, told apart from those that are not to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from msgspec import Struct

from wa_bulk.campaign.blueprint import Blueprint, RowRefused
from wa_bulk.campaign.duplicates import Seen
from wa_bulk.campaign.ledger import Ledger, State
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.source import SourceRow
from wa_bulk.send.outcome import Outcome

IN_FLIGHT = "on its way when the run broke off: it may have been accepted"

LOOK_AT_MOST = 512
"""Rows looked at in one go, so that the event loop breathes where few of them are to be sent."""


Before = Literal["failed", "unknown"]


class Ready(Struct, frozen=True, gc=False):
    """A row to be sent."""

    number: int
    to: str
    payload: bytes
    sender: str | None
    before: Before | None = None
    """Its status until now, where it is sent again because the user asked."""


class Settle(Protocol):
    """Notes the final word on a row; `before` is the status it had until now."""

    def __call__(
        self, row: int, to: str | None, outcome: Outcome, reason: str | None, before: Before | None = None
    ) -> None: ...


class Feed:
    """Takes rows to send, in order, from `rows`; every other row is settled on the way. A None among them
    is a moment to do something else.

    `exhausted` once there are no more. Where the ledger knows that a row may have been sent, it is settled
    as unknown unless it is to be retried. `seen` holds the numbers of rows sent before, and tells duplicates:
    a number belongs to the first row that could be sent to it. Without it duplicates are sent.
    """

    def __init__(
        self,
        rows: Iterator[SourceRow | None],
        blueprint: Blueprint,
        ledger: Ledger,
        settings: Settings,
        settle: Settle,
        seen: Seen | None,
    ) -> None:
        self.exhausted = False
        self._rows = rows
        self._blueprint = blueprint
        self._ledger = ledger
        self._settings = settings
        self._settle = settle
        self._seen = seen
        self._last = settings.limit

    def take(self, wanted: int) -> list[Ready]:
        """At most `wanted` rows to send; fewer, even none, does not mean that there are no more.

        Raises SourceError where the source cannot be read on.
        """
        taken: list[Ready] = []
        for _ in range(LOOK_AT_MOST):
            try:
                row = next(self._rows)
            except StopIteration:
                self.exhausted = True
                break
            if row is None:
                break
            if self._last is not None and row.number > self._last:
                self.exhausted = True
                break
            state = self._ledger.state(row.number)
            ready = self._look(row) if state == "never" else self._look_again(row, state)
            if ready is not None:
                taken.append(ready)
                if len(taken) == wanted:
                    break
        return taken

    def _look(self, row: SourceRow) -> Ready | None:
        number = row.number
        if row.problem is not None:
            self._settle(number, None, Outcome("rejected"), row.problem)
            return None
        blueprint, values = self._blueprint, row.values
        to: str | None = None
        try:
            to = blueprint.recipient(values)
            payload = blueprint.render(number, values, to)
        except RowRefused as refusal:
            self._settle(number, to or blueprint.raw_recipient(values), Outcome("rejected"), str(refusal))
            return None
        if self._seen is not None:
            earlier = self._seen.earlier(to, number)
            if earlier is not None:
                self._settle(number, to, Outcome("skipped"), f"duplicate of row {earlier}")
                return None
        return Ready(number, to, payload, blueprint.sender(values))

    def _look_again(self, row: SourceRow, state: State) -> Ready | None:
        """A row with a past: it was sent, so it can be rendered."""
        to = self._blueprint.recipient(row.values)
        if self._seen is not None:
            self._seen.earlier(to, row.number)
        if state == "failed" and self._settings.retry_failed:
            return self._again(row, to, "failed")
        if state in ("intended", "unknown") and self._settings.on_unknown == "retry":
            return self._again(row, to, "unknown")
        if state == "intended":
            self._settle(row.number, to, Outcome("unknown"), IN_FLIGHT, "unknown")
        return None

    def _again(self, row: SourceRow, to: str, before: Before) -> Ready:
        blueprint, values = self._blueprint, row.values
        payload = blueprint.render(row.number, values, to)
        return Ready(row.number, to, payload, blueprint.sender(values), before)
