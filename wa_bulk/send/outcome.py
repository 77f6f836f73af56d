"""What became of one message."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from wa_bulk.send.verdict import ACCEPTED, Ruling

Status = Literal["accepted", "rejected", "failed", "unknown", "skipped"]


class Outcome(Struct, frozen=True, gc=False):
    """What became of one message, and what the API, or our own check, said about it.

    `accepted`: the API took it. `rejected`: refused; the same again is pointless. `failed`: not accepted,
    may safely be sent again. `unknown`: it may have been accepted. `skipped`: not to be sent.
    """

    status: Status
    to: str | None = None
    """The recipient; several of one request are joined by commas."""
    message_id: str | None = None
    request_id: str | None = None
    """Our own, as it was sent."""
    http_status: int | None = None
    """Of the last reply; None where none came."""
    code: int | None = None
    """EngageLab's error code (`wa_bulk.api.ERROR_CODES`)."""
    message: str | None = None
    """What went wrong, in the API's words or ours."""
    attempts: int = 0
    """How many requests were begun for it."""
    latency_ms: float | None = None
    """From request to reply, of the last attempt."""
    retry_after: float | None = None
    """Seconds the server asked to wait, where that is longer than we would."""
    ruling: Ruling | None = None
    """The row of the verdict table that decided; None where no request was made."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return the numbers in `to`, in E.164 form."""
        return tuple(self.to.split(",")) if self.to else ()

    @property
    def fatal(self) -> bool:
        """Whether every other message of `ruling.scope` would meet the same refusal: stop."""
        return self.ruling is not None and self.ruling.verdict == "fatal"


class Accepted(Outcome, frozen=True, gc=False):
    """The outcome of a message the API took: `message_id` is always there."""

    message_id: str = ""
    ruling: Ruling | None = ACCEPTED


class ApiError(Exception):
    """What was asked of the API was not done, or may not have been; `outcome` says which."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome

    def __str__(self) -> str:
        outcome = self.outcome
        facts: list[str] = [outcome.status]
        if outcome.http_status is not None:
            facts.append(f"HTTP {outcome.http_status}")
        if outcome.code is not None:
            facts.append(f"code {outcome.code}")
        if outcome.attempts > 1:
            facts.append(f"after {outcome.attempts} tries")
        text = ", ".join(facts)
        return f"{text}: {outcome.message}" if outcome.message else text


class SendError(ApiError):
    """A message was not accepted, or may not have been; `outcome` says which.

    With `outcome.status == "unknown"` the message may be on its way: sending it again may send it twice.
    """
