"""The account to send from, or a word on how to get along without one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

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

    Raises `Problem` if a credential is missing, or may not be sent to that address.
    """
    from wa_bulk.send.account import (
        ALLOW_HTTP_VARIABLE,
        BASE_URL_VARIABLE,
        DEV_KEY_VARIABLE,
        DEV_SECRET_VARIABLE,
        Account,
    )

    dotenv.say_used(DEV_KEY_VARIABLE, DEV_SECRET_VARIABLE, BASE_URL_VARIABLE, ALLOW_HTTP_VARIABLE)
    try:
        return Account.from_env(base_url)
    except ValueError as error:
        if all(os.environ.get(name, "").strip() for name in (DEV_KEY_VARIABLE, DEV_SECRET_VARIABLE)):
            raise Problem(str(error)) from None
        hint = _WITHOUT_ACCOUNT.format(key=DEV_KEY_VARIABLE, secret=DEV_SECRET_VARIABLE)
        raise Problem(str(error), hint) from None
