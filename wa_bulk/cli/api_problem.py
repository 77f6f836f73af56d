"""What the user is told when the API did not do what was asked of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from wa_bulk.cli import exits
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.send.outcome import ApiError, Outcome
    from wa_bulk.send.templates import Templates

_T = TypeVar("_T")


def api_problem(error: ApiError, what: str, base_url: str) -> Problem:
    """Say that `what` did not go well, in the API's words, with what can be done about it."""
    outcome = error.outcome
    facts = [f"HTTP {outcome.http_status}"] if outcome.http_status is not None else []
    facts += [f"code {outcome.code}"] if outcome.code is not None else []
    told = f" ({', '.join(facts)})" if facts else ""
    in_doubt = outcome.status == "unknown"
    return Problem(
        f"{what}: {outcome.message}{told}",
        _mend(outcome, base_url),
        exit_code=exits.NOT_ALL_ACCEPTED if in_doubt else exits.NOTHING_SENT,
    )


TIMEOUT_S = 60.0
"""For one request: the list of an account with very many templates takes a while."""


def ask(base_url: str | None, failed: str, question: Callable[[Templates], Awaitable[_T]]) -> _T:
    """Ask the environment's account of its templates; where that does not go well, say that `failed`.

    Raises Problem.
    """
    from wa_bulk.cli import loop
    from wa_bulk.cli.account import account_from_environment
    from wa_bulk.send.outcome import ApiError
    from wa_bulk.send.templates import Templates

    account = account_from_environment(base_url)

    async def answer() -> _T:
        return await question(Templates(account, timeout=TIMEOUT_S))

    try:
        return loop.run(answer())
    except ApiError as error:
        raise api_problem(error, failed, account.base_url) from None


def _mend(outcome: Outcome, base_url: str) -> str:
    if outcome.status == "unknown":
        return "It may have been done all the same: `wa-bulk templates list` tells."
    match outcome.code, outcome.http_status:
        case (2001 | 2002, _) | (None, 401 | 407):
            return f"Check WA_BULK_DEV_KEY and WA_BULK_DEV_SECRET, and that they are for {base_url}."
        case 2003, _:
            return "WhatsApp refuses the account: ask EngageLab's support."
        case (2004, _) | (_, 403):
            return "This key may not do that: allow it in EngageLab's console, or use another key."
        case 4001, _:
            return "`wa-bulk templates list` shows what there is."
        case 5002, _:
            return "That is Meta's own word: change the template as it says, and try again."
        case None, 404 | 405 | 415:
            return f"{base_url} knows no templates: is it the API's address (WA_BULK_BASE_URL)?"
        case None, None:
            return f"Nothing was changed. Is there a network, and is {base_url} the right address?"
        case _, 429:
            return "That was too fast: wait a minute, and try again."
        case _, int(status) if status >= 500:
            return "The server is in trouble: try again later."
    return ""
