"""Where the account's memory is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wa_bulk.api.loopback import is_loopback_url
from wa_bulk.history.errors import DB_VARIABLE

_FILE = "wa-bulk.db"
_LOOPBACK_FILE = "wa-bulk-sandbox.db"


def history_path(base_url: str | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the file named by WA_BULK_DB, or else the one in the user's data folder.

    An API at a loopback address has a file of its own there, so that trying things out against a sandbox
    neither reads nor changes what is known of real people. `environment` is the process's own unless given.
    """
    named = (os.environ if environment is None else environment).get(DB_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    name = _LOOPBACK_FILE if base_url and is_loopback_url(base_url) else _FILE
    return user_data_path("wa-bulk", appauthor=False) / name
