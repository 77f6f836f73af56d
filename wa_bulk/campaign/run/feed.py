"""From the rows of the source to the rows to be sent: rendered, told apart from those that are not to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused
from wa_bulk.campaign.request.rendered_row import Before, RenderedRow
from wa_bulk.campaign.rules.duplicates import Seen
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.csv import SourceRow
from wa_bulk.ledger.log_format import LogError
from wa_bulk.ledger.row_states import Ledger, State
from wa_bulk.send.outcome import Outcome

IN_FLIGHT = "on its way when the run broke off: it may have been accepted"

LOOK_AT_MOST = 1024
"""Rows looked at in one go, so that the event loop breathes where few of them are to be sent."""


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
        self._render = blueprint.render
        self._ledger = ledger
        self._resumed = ledger.run is not None
        self._settings = settings
        self._settle = settle
        self._seen = seen
        self._last = settings.limit

    def take(self, wanted: int) -> list[RenderedRow]:
        """At most `wanted` rows to send; fewer, even none, does not mean that there are no more.

        Raises SourceError where the source cannot be read on, and LogError where the ledger's log tells what
        cannot be.
        """
        taken: list[RenderedRow] = []
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
            state = self._ledger.state(row.number) if self._resumed else "never"
            ready = self._look(row) if state == "never" else self._look_again(row, state)
            if ready is not None:
                taken.append(ready)
                if len(taken) == wanted:
                    break
        return taken

    def _look(self, row: SourceRow) -> RenderedRow | None:
        number = row.number
        if row.problem is not None:
            self._settle(number, None, Outcome("rejected"), row.problem)
            return None
        try:
            ready = self._render(number, row.values)
        except RowRefused as refusal:
            self._settle(number, self._told(row.values), Outcome("rejected"), str(refusal))
            return None
        if self._seen is not None:
            earlier = self._seen.earlier(ready.to, number)
            if earlier is not None:
                self._settle(number, ready.to, Outcome("skipped"), f"duplicate of row {earlier}")
                return None
        return ready

    def _told(self, values: list[str]) -> str:
        """The recipient of a row that is refused, or what stands in its place."""
        try:
            return self._blueprint.recipient(values)
        except RowRefused:
            return self._blueprint.raw_recipient(values)

    def _look_again(self, row: SourceRow, state: State) -> RenderedRow | None:
        """A row with a past: it was to be sent, so it can be rendered."""
        fault = row.problem
        if fault is None:
            try:
                ready = self._render(row.number, row.values)
            except RowRefused as refusal:
                fault = str(refusal)
        if fault is not None:
            raise LogError(
                f"the log tells that row {row.number} was to be sent, but it cannot be: {fault}; "
                "restore the log from a copy"
            )
        to = ready.to
        if self._seen is not None:
            self._seen.earlier(to, row.number)
        if state == "failed" and self._settings.retry_failed:
            ready.before = "failed"
            return ready
        if state in ("intended", "unknown") and self._settings.on_unknown == "retry":
            ready.before = "unknown"
            return ready
        if state == "intended":
            self._settle(row.number, to, Outcome("unknown"), IN_FLIGHT, "unknown")
        return None
