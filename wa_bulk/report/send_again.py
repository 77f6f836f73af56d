"""The command that begins a run anew, as it was begun before."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Mapping
from pathlib import Path

from wa_bulk.campaign.selections.kept import kept_of
from wa_bulk.campaign.settings import Settings
from wa_bulk.ledger.log_format import BASE_URL, Setting
from wa_bulk.send.account import base_url_from_env

_OF_RESUME_ALONE = (("retry_failed", True), ("retry_rejected", True), ("on_unknown", "retry-unheard"))


def send_again(
    campaign: str,
    recipients: str | None,
    log: Path,
    settings: Mapping[str, Setting],
    file_settings: Settings | None = None,
) -> str:
    """Tell what to type to begin a run of these settings, those of a run line, with a log of another name.

    `file_settings` are those that the campaign file brings by itself.
    """
    words = ["wa-bulk", "send", campaign]
    if recipients is not None:
        words += ["--recipients", recipients]
    usual = {**(file_settings or Settings()).as_log(), BASE_URL: base_url_from_env().rstrip("/")}
    for name, value in settings.items():
        if name == "selections":
            words += [word for one in kept_of(value) for word in (f"--{one.kind}", one.named)]
        elif name in usual and (name, value) not in _OF_RESUME_ALONE and value != usual[name]:
            words.append("--" + name.replace("_", "-"))
            if value is not True:
                words.append(f"{value:.15g}" if isinstance(value, float) else str(value))
    return shlex.join([*words, "--log", str(unused_name(log))])


def unused_name(log: Path) -> Path:
    """Give the name of a log beside `log` that does not exist yet: `orders-2.jsonl` for `orders.jsonl`."""
    names = (log.with_name(f"{log.stem}-{count}{log.suffix}") for count in itertools.count(2))
    return next(name for name in names if not name.exists())
