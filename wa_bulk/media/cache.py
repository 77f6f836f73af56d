"""Links that were found fine, so that the same files are not fetched for every check."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from wa_bulk.api.media import MediaKind
from wa_bulk.media.report import MediaReport

KEPT_S = 30 * 24 * 3600
FRESH_MAX_S = 24 * 3600
_MAX_AGE = re.compile(r"\bmax-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS media (
    link TEXT NOT NULL, kind TEXT NOT NULL, in_header INTEGER NOT NULL,
    looked_at REAL NOT NULL, fresh_until REAL NOT NULL, etag TEXT, modified TEXT, report BLOB NOT NULL,
    PRIMARY KEY (link, kind, in_header)
) WITHOUT ROWID
"""


class Cached(Struct, frozen=True):
    """A link as it was found, good without another look until `fresh_until` (seconds since 1970), after that
    if the server answers "not modified" to `condition`, headers of a request."""

    report: MediaReport
    fresh_until: float
    condition: dict[str, str]


class MediaCache:
    """One SQLite file, readable by its owner only. Losing it costs another look."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises OSError and sqlite3.Error where it cannot be used."""
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(path, timeout=1.0)
        try:
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(_SCHEMA)
            self._database.execute("DELETE FROM media WHERE looked_at < ?", (time.time() - KEPT_S,))
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._database.commit()
        self._database.close()

    def get(self, link: str, kind: MediaKind, in_header: bool) -> Cached | None:
        """Return what is known of a link."""
        try:
            row = self._database.execute(
                "SELECT report, fresh_until, etag, modified FROM media"
                " WHERE link = ? AND kind = ? AND in_header = ?",
                (link, kind, in_header),
            ).fetchone()
            if row is None:
                return None
            report = msgspec.json.decode(row[0], type=MediaReport)
        except (sqlite3.Error, msgspec.MsgspecError):
            return None
        condition = {"If-None-Match": row[2]} if row[2] else {"If-Modified-Since": row[3]} if row[3] else {}
        return Cached(report, row[1], condition)

    def put(self, report: MediaReport, in_header: bool, headers: Mapping[str, str]) -> None:
        """Keep what was found, for as long as the server's headers allow."""
        control = headers.get("Cache-Control", "").lower()
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        age = _MAX_AGE.search(control)
        fresh_s = min(int(age[1]), FRESH_MAX_S) if age and "no-cache" not in control else 0
        if "no-store" in control or not (fresh_s or etag or modified):
            return
        now = time.time()
        with contextlib.suppress(sqlite3.Error):
            self._database.execute(
                "INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    report.link,
                    report.kind,
                    in_header,
                    now,
                    now + fresh_s,
                    etag,
                    modified,
                    msgspec.json.encode(report),
                ),
            )
