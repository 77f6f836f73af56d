"""The account to send from, or a word on how to get along without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from wa_bulk.cli import dotenv
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.send.account import Account

_WITHOUT_ACCOUNT = """
Export your EngageLab account's key and secret, then run this again:

    export {key}=…
    export {secret}=…

No account at hand? Both of these work without one:

    wa-bulk demo        a sample campaign against a local EngageLab
    wa-bulk sandbox     the local EngageLab alone; key and secret are `sandbox`"""


def account_from_environment(base_url: str | None) -> Account:
    """Return the account of the environment's credentials, at `base_url` or the environment's address.

    Raises `Problem` if a credential is missing, or may not be sent to that address, and if the environment's
    proxy on the way there cannot be used.
    """
    from wa_bulk.send.account import (
        ALLOW_HTTP_VARIABLE,
        BASE_URL_VARIABLE,
        DEV_KEY_VARIABLE,
        DEV_SECRET_VARIABLE,
    )

    dotenv.say_used(DEV_KEY_VARIABLE, DEV_SECRET_VARIABLE, BASE_URL_VARIABLE, ALLOW_HTTP_VARIABLE)
    try:
        return reachable_account(base_url)
    except ValueError as error:
        if all(os.environ.get(name, "").strip() for name in (DEV_KEY_VARIABLE, DEV_SECRET_VARIABLE)):
            raise Problem(str(error)) from None
        hint = _WITHOUT_ACCOUNT.format(key=DEV_KEY_VARIABLE, secret=DEV_SECRET_VARIABLE)
        raise Problem(str(error), hint) from None


def reachable_account(base_url: str | None) -> Account:
    """Return the account of the environment's credentials; raises ValueError where it cannot be spoken to."""
    from wa_bulk.send.account import Account
    from wa_bulk.send.transport.proxy import proxy_from_environment
    from wa_bulk.send.transport.request import endpoint

    account = Account.from_env(base_url)
    if click.get_current_context().params.get("transport") != "lean":  # which takes no proxy
        address = endpoint(account.messages_url)
        try:
            proxy_from_environment(address)
        except ValueError as error:
            raise ValueError(f"{error}. To go without a proxy: NO_PROXY={address.host}") from None
    return account
