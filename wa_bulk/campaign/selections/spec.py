"""`LOG:STATUS[,STATUS…]` or `FILE`: how a person names some of the people they know of."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct

LOG_STATUSES = ("accepted", "rejected", "failed", "unknown", "skipped", "unsent")
CALLBACK_STATUSES = ("delivered", "read", "unread", "undelivered")
_EXPECTED = f"{', '.join((*LOG_STATUSES, *CALLBACK_STATUSES))}, or one of Meta's codes such as 131049"

_LOG_BEGINS = b'{"type":"run"'


class SelectionError(Exception):
    """A selection that cannot be made; the text says why and what to do."""


class Spec(Struct, frozen=True):
    """What a selection asks for. `named` is as the user wrote it; `statuses` are None where none are named.

    `is_log` tells a run's log from a file of numbers.
    """

    named: str
    path: Path
    statuses: tuple[str, ...] | None
    is_log: bool


def parse(text: str) -> Spec:
    """Read a selection. A colon that is part of an existing file's name is just that.

    Raises SelectionError where there is no such file, or no such status.
    """
    whole = Path(text).expanduser()
    place, colon, words = text.rpartition(":")
    if not colon or whole.exists():
        return Spec(text, whole, None, _is_log(whole))
    path = Path(place).expanduser()
    statuses = tuple(dict.fromkeys(word.strip() for word in words.split(",")))
    unknown = [word for word in statuses if not _is_status(word)]
    if unknown and not path.exists():
        raise SelectionError(f"{text!r}: there is no file {str(whole)!r}, nor {str(path)!r}")
    if unknown:
        near = get_close_matches(unknown[0], (*LOG_STATUSES, *CALLBACK_STATUSES), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected {_EXPECTED}"
        raise SelectionError(f"{text!r}: there is no status {unknown[0]!r}; {hint}")
    if not _is_log(path):
        raise SelectionError(
            f"{text!r}: {path} is no log of wa-bulk, so that nobody in it has a status: leave out :{words}"
        )
    return Spec(text, path, statuses, is_log=True)


def _is_status(word: str) -> bool:
    return word in LOG_STATUSES or word in CALLBACK_STATUSES or (word.isascii() and word.isdigit())


def _is_log(path: Path) -> bool:
    if not path.exists():
        raise SelectionError(f"there is no file {str(path)!r}")
    if not path.is_file():
        raise SelectionError(f"{path} is no regular file")
    try:
        with path.open("rb") as file:
            return file.read(len(_LOG_BEGINS)) == _LOG_BEGINS
    except OSError as error:
        raise SelectionError(f"{path} cannot be read: {error.strerror}") from None
