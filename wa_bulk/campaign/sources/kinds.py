"""What a file is that is no table of recipients, told by what it begins with."""

from __future__ import annotations

import re
import zipfile
from typing import NamedTuple

from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.text_file import SAVE_AS_CSV

ZIP, OLE = (b"PK\x03\x04", b"PK\x05\x06"), b"\xd0\xcf\x11\xe0"
_TEXT_SUFFIXES = {".csv", ".tsv", ".txt", ".tab"}
_WORKBOOK_SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
"""What a workbook with a password is packed in."""
_WORD_DOCUMENT = "WordDocument".encode("utf-16-le")

_EXPORT = "export its table as CSV UTF-8"
_UNPACK = "unpack it first"
_BINARY = (
    (b"\x89PNG", "a PNG picture", _EXPORT),
    (b"\xff\xd8\xff", "a JPEG picture", _EXPORT),
    (b"GIF8", "a GIF picture", _EXPORT),
    (b"%PDF", "a PDF", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"SQLite format 3", "an SQLite database", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"BZh", "packed by bzip2", _UNPACK),
    (b"\xfd7zXZ", "packed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x7fELF", "a program", _EXPORT),
    (b"\x1f\x8b", "packed by gzip twice", _UNPACK),
)
_TEXTS = (
    (r'\{"type":\s*"run"', "a log of wa-bulk", "give it to `wa-bulk resume` or `wa-bulk report`"),
    (r'[\[{]\s*(?:["\[{]|[\]}]\s*$)', "JSON", "export it as CSV UTF-8"),
    (r"(?i)<(?:!doctype html|html|head|body|table|meta|style|div)\b", "an HTML page", SAVE_AS_CSV),
    (r"<\?xml|<[A-Za-z]+\s+xmlns", "XML", SAVE_AS_CSV),
    (r"BEGIN:VCARD", "contact cards (vCard)", "export the contacts as CSV UTF-8"),
    (r"(?s)(?:[^\[]*\n)?\[message[\].]", "a campaign", "the recipients are another file, CSV or a workbook"),
)


class Kind(NamedTuple):
    """What a file is, in words, and what to do about it."""

    name: str
    mend: str


def is_workbook(file: SourceFile) -> bool:
    """Return whether a file is a workbook that can be read.

    Raises SourceError where it is something else than text, or its name says that it is.
    """
    path, beginning = file.path, file.beginning
    suffix = path.suffix.lower()
    found = _archived(file) if beginning.startswith((*ZIP, OLE)) else _other(beginning)
    if isinstance(found, Kind):
        raise file.error(f"is {found.name}, no CSV and no workbook: {found.mend}")
    if found is None:
        if suffix in _WORKBOOK_SUFFIXES:
            raise file.error(f"is text, though it is named {suffix}: name it .csv if it is CSV")
        return False
    if suffix in _TEXT_SUFFIXES:
        raise file.error(f"is {found}, though it is named {suffix}: rename it, or {SAVE_AS_CSV}")
    return True


def _other(beginning: bytes) -> Kind | None:
    for mark, name, mend in _BINARY:
        if beginning.startswith(mark):
            return Kind(name, mend)
    text = beginning.decode("utf-8-sig", errors="ignore").lstrip()
    for pattern, name, mend in _TEXTS:
        if re.match(pattern, text):
            return Kind(name, mend)
    return None


def _archived(file: SourceFile) -> Kind | str:
    """Return the words for a workbook; for what else there can be in such a container, its kind."""
    if file.is_packed:
        return Kind("a workbook or another archive, packed by gzip", _UNPACK)
    if file.beginning.startswith(OLE):
        start = b"".join(block for block, _ in zip(file.blocks(), range(4), strict=False))
        if _PROTECTED in start:
            return Kind("protected by a password", "remove the password, and save it again")
        if _WORD_DOCUMENT in start:
            return Kind("a Word document", _EXPORT)
        return "an old Excel workbook"
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = set(archive.namelist())
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Kind("a workbook or another zip file that is cut short or damaged", "get it again")
    if b"opendocument.spreadsheet" in mimetype:
        return "an OpenDocument workbook"
    if any(name.startswith("xl/workbook.") for name in names):
        return "an Excel workbook"
    if any(name.startswith("word/") for name in names):
        return Kind("a Word document", _EXPORT)
    if any(name.endswith(".iwa") for name in names):
        return Kind("an Apple Numbers document", "export it as CSV UTF-8")
    return Kind("a zip archive", _UNPACK)
