"""The transport to an account's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from wa_bulk import __version__
from wa_bulk.send import defaults
from wa_bulk.send.transport import Transport, TransportName, make_transport

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from wa_bulk.send.account import Account

_USER_AGENT = f"wa_bulk/{__version__}"


def headers_of(account: Account) -> dict[str, str]:
    """Return the headers of every request for `account`: they hold its credentials."""
    return {**account.headers(), "User-Agent": _USER_AGENT}


def open_transport(
    account: Account,
    *,
    name: TransportName = "auto",
    concurrency: int = defaults.CONCURRENCY,
    timeout: float = defaults.TIMEOUT,
    connect_timeout: float = defaults.CONNECT_TIMEOUT,
    session: ClientSession | None = None,
    proxy: str | None = None,
) -> Transport:
    """Make the transport for `account`'s messages, chosen as `make_transport` says.

    `concurrency` is also its number of connections, so that whoever took a token need not wait for one;
    `timeout` (s) is for a whole request, `connect_timeout` (s) for the making of one connection.
    Raises ValueError for settings out of range or at odds.
    """
    if name not in get_args(TransportName):
        raise ValueError(f"no transport is called {name!r}; expected one of {get_args(TransportName)}")
    if not 0 < timeout < float("inf"):
        raise ValueError(f"a timeout of {timeout} s leaves no time for a reply, or waits for ever")
    return make_transport(
        name,
        account.messages_url,
        headers_of(account),
        connections=concurrency,
        timeout=timeout,
        connect_timeout=connect_timeout,
        session=session,
        proxy=proxy,
    )
