"""The campaign file: what to send, to whom and how fast, in TOML."""

from __future__ import annotations

import hashlib
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast

import msgspec
from msgspec import Struct

from wa_bulk.api.number_plan import country_named
from wa_bulk.campaign.sources.reading import Reading, delimiter_named, encoding_named
from wa_bulk.campaign.toml_text import TomlError, parse
from wa_bulk.send import defaults

_KEYS = {
    "name": "text",
    "recipients": "text",
    "rate": "a number",
    "track": "true or false",
    "gateway_errors": '"unknown" or "retry"',
    "respect_suppression": "true or false",
    "country": "the two letters of a country",
    "delimiter": "the character between two values",
    "encoding": "the name of an encoding",
    "sheet": "the name of a sheet",
    "message": "a table",
}


_PLACES = {
    **dict.fromkeys(
        ("template", "text", "image", "video", "audio", "document", "sticker"), "under [message.body]"
    ),
    **dict.fromkeys(("language", "components"), "under [message.body.template]"),
    **dict.fromkeys(("from", "to", "body", "request_id", "custom_args"), "under [message]"),
    **dict.fromkeys(_KEYS, "at the top of the file, above [message]"),
}
"""Where keys belong that are found elsewhere."""

_NOT_YET = ("start", "deadline", "window", "unique_per_24h", "recipient_gap_s")
"""Keys that are to say when rows are sent, and how many, once runs keep to them."""

_NAMED = {"country": country_named, "delimiter": delimiter_named, "encoding": encoding_named}
"""What reads the values that must be one of many."""

MARK = "FILL IN"
"""Stands, in a comment, beside everything that `wa-bulk init` leaves to a person."""

_MARKED = re.compile(rf"#\s*({MARK}:.*)").search

_BYTES_MAX = 1 << 20
_UNKNOWN_SHOWN = 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class CampaignError(Exception):
    """A campaign that cannot run. Its text says what, where and how to mend it, a fault a line."""


class CampaignFile(Struct, frozen=True):
    """A campaign file as read: `message` is the API's request with placeholders, not yet checked.

    `country` (ISO 3166, two capitals) is whose numbers those without a country code are, `reading` how the
    file of recipients is read. `marks` say beside which values it is still marked that they are left to a
    person, `reminders` where else.
    """

    path: Path
    sha256: str
    name: str
    message: dict[str, object]
    recipients: Path | None = None
    rate: float = defaults.RATE
    track: bool = True
    gateway_errors: Literal["unknown", "retry"] | None = None
    respect_suppression: bool = True
    country: str | None = None
    reading: Reading = Reading()
    marks: Sequence[str] = ()
    reminders: Sequence[str] = ()

    def require_finished(self) -> None:
        """Raise CampaignError where a value is still marked as left to a person."""
        if self.marks:
            raise CampaignError("\n".join(f"{self.path}, {mark}" for mark in self.marks))

    @property
    def message_sha256(self) -> str:
        """The hash of what it sends, whatever the campaign is called and however its file is laid out."""
        return hashlib.sha256(msgspec.json.encode(self.message, order="deterministic")).hexdigest()


def load(path: Path) -> CampaignFile:
    """Read a campaign file. `recipients` is taken relative to it.

    Raises CampaignError when it is missing, not TOML, or holds unknown keys or values of the wrong type.
    """
    return campaign_in(contents(path), path)


def campaign_in(data: bytes, path: Path) -> CampaignFile:
    """Read the bytes of a campaign file that is, or was, at `path`. Raises CampaignError, as `load` does."""
    try:
        table = parse(data)
    except TomlError as error:
        place = f", line {error.line}" if error.line else ""
        raise CampaignError(f"{path}{place}: {error}") from None
    if faults := _faults(table):
        raise CampaignError("\n".join(f"{path}: {fault}" for fault in faults))
    recipients = table.get("recipients")
    marks, reminders = _marks(data.decode())
    return CampaignFile(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        name=table["name"],
        message=cast("dict[str, object]", table["message"]),
        recipients=path.parent / Path(recipients).expanduser() if recipients is not None else None,
        rate=float(table.get("rate", defaults.RATE)),
        track=table.get("track", True),
        gateway_errors=table.get("gateway_errors"),
        respect_suppression=table.get("respect_suppression", True),
        country=country_named(table["country"]) if "country" in table else None,
        reading=Reading(
            delimiter_named(table["delimiter"]) if "delimiter" in table else None,
            encoding_named(table["encoding"]) if "encoding" in table else None,
            table.get("sheet"),
        ),
        marks=marks,
        reminders=reminders,
    )


def _marks(text: str) -> tuple[list[str], list[str]]:
    """Return, in words, the marks beside values, and those in lines that say nothing yet."""
    marks: tuple[list[str], list[str]] = ([], [])
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _MARKED(line):
            said = f"line {number} is still marked {found[1].rstrip()!r}: see to it, and take the mark away"
            marks[line.lstrip().startswith("#")].append(said)
    return marks


def contents(path: Path) -> bytes:
    """Read what may be a campaign file. Raises CampaignError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = (
                "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file, and is read more than once"
            )
            raise CampaignError(f"{path}: cannot be read: it is {kind}")
        if status.st_size > _BYTES_MAX:
            raise CampaignError(
                f"{path}: has {status.st_size:,} bytes, and a campaign file has a few thousand"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise CampaignError(f"{path}: no such campaign file") from None
    except OSError as error:
        raise CampaignError(f"{path}: cannot be read: {error.strerror}") from None


def _faults(table: Mapping[str, object]) -> list[str]:
    unknown = [key for key in table if key not in _KEYS]
    faults = [f"unknown key {unknown_key(key, _KEYS)}" for key in unknown[:_UNKNOWN_SHOWN]]
    if len(unknown) > _UNKNOWN_SHOWN:
        faults.append(f"and {len(unknown) - _UNKNOWN_SHOWN:,} more unknown keys")
    faults += [_missing(key, table) for key in ("name", "message") if key not in table]
    for key, value in table.items():
        if key in _KEYS and not _fits(key, value):
            faults.append(f"{key} = {value!r}: expected {_KEYS[key]}")
    name = table.get("name")
    if isinstance(name, str) and (not name.strip() or not name.isprintable() or len(name) > 100):
        faults.append(f"name = {name!r}: expected 1 to 100 printable characters")
    recipients = table.get("recipients")
    if isinstance(recipients, str) and not (recipients.strip() and _CONTROL.search(recipients) is None):
        expected = "expected the name of a CSV file"
        if recipients.strip():
            expected += (
                "; in \"…\" a backslash begins an escape: write '…' in single quotes, or / instead of \\"
            )
        faults.append(f"recipients = {recipients!r}: {expected}")
    rate = table.get("rate", defaults.RATE)
    if isinstance(rate, (int, float)) and not 0 <= rate <= sys.float_info.max:
        faults.append(f"rate = {rate}: expected messages per second, or 0 for no pacing")
    for key, named in _NAMED.items():
        value = table.get(key)
        if isinstance(value, str):
            try:
                named(value)
            except ValueError as error:
                faults.append(f"{key} = {error}")
    return faults


def _missing(key: str, table: Mapping[str, object]) -> str:
    """Say that a key is missing at the top, and where it is instead."""
    found = [name for name, inner in table.items() if isinstance(inner, dict) and key in inner]
    if not found:
        return f"{key!r} is missing"
    place = f"[{found[0]}]"
    return f"{key!r} is missing, and stands under {place}: it belongs at the top of the file, above {place}"


def _fits(key: str, value: object) -> bool:
    match key:
        case "rate":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "gateway_errors":
            return value in ("unknown", "retry")
        case "track" | "respect_suppression":
            return isinstance(value, bool)
        case "message":
            return isinstance(value, dict)
        case _:
            return isinstance(value, str)


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return `key` quoted, with the table where it belongs, or the known one it was probably meant to be."""
    if key in _PLACES:
        return f"{key!r}; it belongs {_PLACES[key]}"
    if key in _NOT_YET and known is _KEYS:
        return f"{key!r}: no run keeps to it yet, so leave it out"
    near = get_close_matches(key, list(known), n=1, cutoff=0.5)
    return f"{key!r}; did you mean {near[0]!r}?" if near else f"{key!r}; known here: {', '.join(known)}"
