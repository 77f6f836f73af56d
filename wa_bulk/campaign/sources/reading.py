"""What a user can say about how a file of recipients is to be read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from difflib import get_close_matches

from msgspec import Struct

_DELIMITER_NAMES = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "bar": "|",
    "colon": ":",
}
_DELIMITER = re.compile(r"""[^\w\s"']|\t""").fullmatch
_COMMON_ENCODINGS: tuple[str, ...] = (
    "utf-8",
    "utf-16",
    "cp1252",
    "cp1250",
    "cp1251",
    "latin-1",
    "mac-roman",
    "gb18030",
    "big5",
)
_COMMON_ENCODINGS += ("shift_jis", "euc-kr", "utf-16-le", "utf-16-be", "iso-8859-2", "iso-8859-15", "cp850")


class Reading(Struct, frozen=True):
    """How a file is read; None where that is to be found out.

    `delimiter` is one character, `encoding` a name that Python knows; both are for text. `sheet` is for
    workbooks.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None


def reading_of(settings: Mapping[str, object]) -> Reading:
    """Return how a run read its recipients, by the settings that its log tells."""
    texts = {
        name: value for name in Reading.__struct_fields__ if isinstance(value := settings.get(name), str)
    }
    return Reading(**texts)


def delimiter_named(text: str) -> str:
    """Return the delimiter that `text` is or names. Raises ValueError where it can be none."""
    delimiter = _DELIMITER_NAMES.get(text.strip().lower(), text)
    if not _DELIMITER(delimiter):
        raise ValueError(f'{text!r} is no delimiter; expected one character, such as ";", or "tab"')
    return delimiter


def encoding_named(text: str) -> str:
    """Return the name of the text encoding that `text` is. Raises ValueError where there is none such."""
    name = text.strip()
    try:
        codec = codecs.lookup(name)
        b"a".decode(name)  # some are no encodings of text, and one decodes nothing
        return codec.name
    except (LookupError, ValueError):
        pass
    if re.fullmatch(r"(?i)utf[-_]?(16|32).*", name):
        return codecs.lookup(name).name
    near = get_close_matches(name.lower(), _COMMON_ENCODINGS, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]!r}?" if near else 'expected one such as "utf-8" or "cp1252"'
    raise ValueError(f"{text!r} is no encoding of text; {meant}")
