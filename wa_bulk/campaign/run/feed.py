"""From the ledger's claims to rows to be sent: rendered, and told apart from those that are not to be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.blocks import Blocks
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.sources.base import RowSource, SourceRow
from wa_bulk.ledger.base import Claim, Ledger
from wa_bulk.ledger.row_states import RowState
from wa_bulk.send.outcome import Outcome

IN_FLIGHT = "on its way when the run broke off: it may have been accepted"

ROWS_AT_ONCE = 1024
"""Rows gone through in one go, so that the event loop gets its turn where few of them are to be sent."""


_NO_ROW = SourceRow(0, 0, [])


class Feed:
    """Takes rows to send, in order; every other row of a claim is settled on the way.

    `exhausted` once there are no more. A row that may have been sent is settled as unknown, unless such rows
    are to be sent again; one with a past that can no longer be rendered keeps its status.
    """

    def __init__(
        self,
        ledger: Ledger,
        source: RowSource,
        check: RowCheck,
        blocks: Blocks,
        *,
        limit: int | None = None,
        retry_cut_off: bool = False,
    ) -> None:
        """`limit`: only rows up to this number; `retry_cut_off`: send again what was on its way when a run
        broke off."""
        self.exhausted = False
        self._ledger = ledger
        self._check = check
        self._blocks = blocks
        self._last = limit
        self._retry_cut_off = retry_cut_off
        self._claims: deque[Claim] = deque()
        self._rows = source.rows_in(self._ranges())
        self._past: RowState | None = None
        self._claim_end = 0
        self._claim_done = True

    async def take(self, wanted: int) -> list[RenderedRow]:
        """Take at most `wanted` rows to send; fewer, even none, does not mean that there are no more.

        Raises SourceError where the source cannot be read on.
        """
        taken: list[RenderedRow] = []
        if self._claim_done and not await self._next_claim():
            return taken
        self._check.refresh()
        check = self._check.new if self._past is None else self._with_past
        blocks, last = self._blocks, self._claim_end
        rows_left = ROWS_AT_ONCE
        while rows_left and len(taken) < wanted:
            at_most = min(rows_left, wanted - len(taken))
            rows_left -= at_most
            row: SourceRow | None = _NO_ROW
            for row in islice(self._rows, at_most):
                if row is None:  # many were passed over
                    return taken
                found = check(row)
                if isinstance(found, RenderedRow):
                    if not (blocks.any and blocks.stops(found, self._ledger)):
                        taken.append(found)
                elif found is not None:
                    self._ledger.settle(row.number, found.to, Outcome(found.status), found.reason)
                if row.number >= last:
                    self._claim_done = True
                    return taken
            if row is _NO_ROW:
                self.exhausted = True
                break
        return taken

    async def _next_claim(self) -> bool:
        claim = await self._ledger.claim()
        if claim is not None and self._last is not None and claim.rows[-1] > self._last:
            rows = range(claim.rows[0], self._last + 1)
            claim = Claim(rows, claim.state) if rows else None
        if claim is None:
            self.exhausted = True
            return False
        self._claims.append(claim)
        self._past = None if claim.state == "never" else claim.state
        self._claim_end, self._claim_done = claim.rows[-1], False
        return True

    def _ranges(self) -> Iterator[range]:
        """Give the claims' rows to the source, which asks for them one by one."""
        while self._claims:
            yield self._claims.popleft().rows

    def _with_past(self, row: SourceRow) -> RenderedRow | LeftOut | None:
        past = self._past
        assert past is not None
        rendered = self._check.rendered(row)
        if rendered is None:
            if past == "cut off":  # its number is left to rows that can be sent
                self._settle_cut_off(row.number, None)
            return None
        rendered.past = past
        rendered.maybe_taken = past in ("cut off", "unknown")
        left_out = self._check.ask_rules(rendered)
        stays_in_doubt = left_out is not None and rendered.maybe_taken and not left_out.shows_unsent
        if stays_in_doubt or (left_out is None and past == "cut off" and not self._retry_cut_off):
            if past == "cut off":
                self._settle_cut_off(row.number, rendered.to)
            return None
        return left_out or rendered

    def _settle_cut_off(self, row_number: int, to: str | None) -> None:
        self._ledger.settle(row_number, to, Outcome("unknown"), IN_FLIGHT)
