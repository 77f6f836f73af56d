"""What is said of a file that is no table of recipients."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from tests.campaign.sources.tables import write_csv, write_xls, write_xlsx
from wa_bulk.campaign.sources import Reading, SourceError, open_source

ROWS = [["phone", "name"], ["+447911123456", "Ada"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is a JPEG picture"),
        (b"%PDF-1.7\n%\xe2\xe3\n", "is a PDF"),
        (b"SQLite format 3\0", "is an SQLite database"),
        (b"\x7fELF\x02\x01\x01\x00", "is a program"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive, no CSV and no workbook: unpack it first"),
        (b'[\n  {"phone": "+44"}]', "is JSON"),
        (b'{"phone": "+44"}', "is JSON"),
        (
            b'{"type":"run","format":1}\n',
            "is a log of wa-bulk, no CSV and no workbook: give it",
        ),
        (b"\xef\xbb\xbf<!DOCTYPE html><table>", "is an HTML page"),
        (b"<table><tr><td>phone</td></tr></table>", "is an HTML page"),
        (b'<?xml version="1.0"?><Workbook/>', "is XML"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "is contact cards (vCard)"),
        (b'name = "x"\nrecipients = "r.csv"\n\n[message]\n', "is a campaign"),
        (b"PK\x03\x04" + bytes(100), "cut short or damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "cannot be read as a workbook"),
        (gzip.compress(b"%PDF-1.7\n", mtime=0), "is a PDF"),
        (gzip.compress(gzip.compress(b"phone\n1\n", mtime=0), mtime=0), "is packed by gzip twice"),
        (b"lorem ipsum " * 10_000, "line 1: has no line break in 65536 characters"),
    ],
)
def test_it_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "recipients"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["word/document.xml"], "is a Word document"),
        (["Index/Document.iwa"], "is an Apple Numbers document"),
        (["recipients.csv"], "is a zip archive, no CSV and no workbook: unpack it first"),
        ([], "is a zip archive"),
    ],
)
def test_an_archive_is_named_for_what_is_in_it(tmp_path: Path, names: list[str], words: str) -> None:
    path = tmp_path / "recipients"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert words in str(caught.value)


def test_a_workbook_with_a_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "recipients.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(1000) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(SourceError, match=r"is protected by a password, .*: remove the password"):
        open_source(path)


def test_a_name_that_says_otherwise_is_told(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "excel.csv", ROWS)
    write_xls(tmp_path / "old.txt", ROWS)
    write_csv(tmp_path / "text.xlsx", ROWS)
    (tmp_path / "packed.gz").write_bytes(gzip.compress((tmp_path / "excel.csv").read_bytes()))
    for name, words in {
        "excel.csv": "is an Excel workbook, though it is named .csv: rename it, or open it in",
        "old.txt": "is an old Excel workbook, though it is named .txt",
        "text.xlsx": "is text, though it is named .xlsx: name it .csv if it is CSV",
        "packed.gz": "packed by gzip, no CSV and no workbook: unpack it first",
    }.items():
        with pytest.raises(SourceError) as caught:
            open_source(tmp_path / name)
        assert words in str(caught.value)


def test_a_sheet_of_what_has_none_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "recipients.csv", ROWS)
    with pytest.raises(SourceError, match="is no workbook, and has no sheet 'People'"):
        open_source(tmp_path / "recipients.csv", Reading(sheet="People"))


@pytest.mark.parametrize("header", ["{phone},name", "[phone],name", "<phone>,name", "PK,name", "BZ,h"])
def test_an_odd_header_is_still_one(tmp_path: Path, header: str) -> None:
    path = tmp_path / "recipients.csv"
    path.write_text(f"{header}\n1,a\n")
    assert open_source(path).header == header.split(",")
