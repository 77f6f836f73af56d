"""From bytes to characters: encodings, and what is said of bytes that have none."""

from __future__ import annotations

import codecs
import tracemalloc
from pathlib import Path

import pytest

from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.text_file import LINE_MAX, TextFile

TABLE = "phone,name\n+447911123456,Bob\n+447911123457,Zoë\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipients.csv"


def text_of(path: Path, content: bytes, encoding: str | None = None) -> str:
    path.write_bytes(content)
    return "".join(TextFile(SourceFile(path), encoding).texts())


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), None),
        (codecs.BOM_UTF8 + TABLE.encode(), None),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8"),
        (TABLE.encode("utf-16"), None),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), None),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-32"), None),
        (TABLE.encode("cp1252"), "cp1252"),
    ],
)
def test_what_the_first_bytes_or_the_user_say_is_how_it_is_read(
    path: Path, content: bytes, encoding: str | None
) -> None:
    assert text_of(path, content, encoding) == TABLE


CYRILLIC = "телефон,имя\n+79161234567,Иван\n"


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (TABLE.encode("utf-16-le"), None, "is UTF-16 without a byte order mark: use --encoding utf-16-le"),
        (TABLE.encode("utf-16-be"), None, 'encoding = "utf-16-be" in the campaign'),
        (b"a\0\0\0b\1\2\3", None, "is no text"),
        (b"phone,name\n1,a\x00b\n", None, "line 2: byte 0x00 after '1,a' stands in no text"),
        (b"phone,name\n1,a\n" + bytes(512), None, "line 3: byte 0x00 stands in no text"),
        (CYRILLIC.encode("utf-16-le"), None, "is UTF-16 without a byte order mark: use --encoding utf-16-le"),
        (CYRILLIC.encode("utf-16-be"), None, "is UTF-16 without a byte order mark: use --encoding utf-16-be"),
        (b"a\nb\nZo\xc3", None, "line 3: byte 0xC3 after 'Zo' is no UTF-8 text"),
        (
            TABLE.encode("utf-16"),
            "cp1252",
            "begins as UTF-16 does, and is not cp1252: leave the encoding out",
        ),
        (b"a\x81", "cp1252", "line 1: byte 0x81 after 'a' is no CP1252 text"),
    ],
)
def test_what_is_no_text_is_said_with_its_place(
    path: Path, content: bytes, encoding: str | None, words: str
) -> None:
    with pytest.raises(SourceError) as caught:
        text_of(path, content, encoding)
    assert words in str(caught.value)


NAMES = {
    "cp1252": "José,Müller,Zoë,Größe,O’Brien",
    "cp1250": "Wałęsa,Łukasz,Wójcik,Dvořák",
    "cp1254": "Şule,Yılmaz,Güneş",
    "cp1251": "Иван Петров,Мария",
    "koi8-r": "Иван Петров,Мария",
    "cp1253": "Γιώργος,Μαρία",
    "cp1255": "דוד כהן",
    "cp1256": "محمد علي",
    "mac-roman": "José,Müller",
    "cp850": "José,Müller",
    "cp932": "山田太郎さん,タナカ",
    "euc-kr": "김철수",
    "big5": "陳大文先生",
    "gb18030": "张三,王小明先生",
}


@pytest.mark.parametrize("encoding", NAMES)
def test_a_guess_is_shown_and_never_applied(path: Path, encoding: str) -> None:
    names = NAMES[encoding]
    content = f"phone,name,town\n1,{names}\n".encode(encoding)
    with pytest.raises(SourceError) as caught:
        text_of(path, content)
    words = str(caught.value)
    assert "line 2: byte 0x" in words
    assert f"use --encoding {encoding}, or" in words
    assert f"{names.split(',')[0]!r}? Then" in words or encoding in ("cp1254", "cp1250", "cp1252")
    assert text_of(path, content, encoding) == f"phone,name,town\n1,{names}\n"


def test_nothing_is_guessed_of_noise(path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        text_of(path, b"a,b\n" + bytes(range(0x80, 0x100)) * 3)
    assert "looks like" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_bytes_that_are_no_text_are_found_far_down(path: Path, encoding: str, line_end: str) -> None:
    text = "".join(["phone,name", line_end, f'1,"ü{line_end}"{line_end}' * 45_001, "2,"])
    wrong = b"\x00\xdc" if encoding == "utf-16" else b"\xff"
    with pytest.raises(SourceError, match=r"line 90004: byte .* after '2,' is no UTF-") as caught:
        text_of(path, text.encode(encoding) + wrong + line_end.encode(encoding))
    assert caught.value.line == 90_004


@pytest.mark.parametrize("line", ["x" * 10_000_000, "1,x\n" + "x" * 10_000_000 + "\n", "1,x\n" * 500_000])
def test_lines_are_read_in_bounded_pieces(path: Path, line: str) -> None:
    path.write_text(line)
    text = TextFile(SourceFile(path), None)
    tracemalloc.start()
    longest = max(map(len, text.lines()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert longest <= 2 * LINE_MAX
    assert peak < 6_000_000
