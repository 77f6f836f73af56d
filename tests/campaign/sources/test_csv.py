from __future__ import annotations

import codecs
import contextlib
import csv
import hashlib
import io
import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.campaign.sources import csv as source_module
from wa_bulk.campaign.sources.base import Scan, SourceError, SourceRow
from wa_bulk.campaign.sources.csv import PASSED_OVER, CsvSource

TABLE = "phone,name\n+447911123456,Bob\n+447911123457,Zoë\n"
ROWS = [
    SourceRow(1, 2, ["+447911123456", "Bob"]),
    SourceRow(2, 3, ["+447911123457", "Zoë"]),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipients.csv"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources") / "recipients.csv"


def source_of(path: Path, content: str | bytes, encoding: str = "utf-8") -> CsvSource:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return CsvSource(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16")],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiter_encoding_and_line_ends_are_recognised(
    path: Path, delimiter: str, written_as: str, read_as: str, line_end: str
) -> None:
    mark = "\ufeff" if read_as == "utf-16" else ""
    source = source_of(path, mark + TABLE.replace(",", delimiter).replace("\n", line_end), written_as)
    assert (source.delimiter, source.encoding) == (delimiter, read_as)
    assert source.header == ["phone", "name"]
    assert list(source.rows()) == ROWS
    assert list(source.rows()) == ROWS, "as often as one likes"


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("phone\n+447911123456\n", ","),
        ("phone", ","),
        ("phone;amount\n1;2,50\n2;3,50\n", ";"),
        ('phone;"last, first"\n1;"a,b,c"\n2;"d,e,f"\n', ";"),
        ("phone;last, first\n1;2\n3;4\n", ";"),
        ("phone,a|b\n1,2\n3,4\n", ","),
        ('phone,"a\nb;c"\n1,"2\n3;4"\n', ","),
        ("a,b,c\n1,2\n", ","),
        ("a\tb\n1\t2, 3, 4\n5\t6, 7\n", "\t"),
        ("sep=|\nphone,a|b\n1,2|3\n", "|"),
        ('"sep=^"\r\nphone^b\r\n1^2\r\n', "^"),
        ("sep=\r\na;b\r\n1;2\r\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_fits_the_header(path: Path, sample: str, delimiter: str) -> None:
    assert source_of(path, sample).delimiter == delimiter


def test_excels_own_first_line_is_no_row(path: Path) -> None:
    source = source_of(path, "sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n"))
    assert source.header == ["phone", "name"]
    assert [(row.number, row.line) for row in source.rows()] == [(1, 3), (2, 4)]


def test_blank_lines_are_no_rows(path: Path) -> None:
    source = source_of(path, "\n\nphone,name\n\n1,a\n \n\t\n2,b\n\n")
    assert list(source.rows()) == [SourceRow(1, 5, ["1", "a"]), SourceRow(2, 8, ["2", "b"])]
    assert source.scan().rows == 2


def test_rows_whose_cells_are_all_blank_are_none(path: Path) -> None:
    blank = ['""', ",,", '" ","\t"', ", ", "\u00a0,\u2007", ",,,,", " "]
    source = source_of(path, "phone,name\n" + "\n".join([*blank, "1,a", *blank, ",b", *blank]) + "\n")
    assert [(row.number, row.values) for row in source.rows()] == [(1, ["1", "a"]), (2, ["", "b"])]
    assert source.scan().rows == 2


def test_a_table_of_commas_behind_the_rows_is_nothing(path: Path) -> None:
    source = source_of(path, "phone,name\n1,a\n" + ",\n" * 1000)
    assert source.scan().rows == len(list(source.rows())) == 1


def test_values_keep_their_blanks_and_names_do_not(path: Path) -> None:
    source = source_of(path, " phone , name\n 1 , a \n")
    assert source.header == ["phone", "name"]
    assert next(source.rows()).values == [" 1 ", " a "]


def test_rows_of_another_width_are_reported_and_counted(path: Path) -> None:
    source = source_of(path, 'phone,name\n1,a\n2\n3,"b\nb",c\n4,d\n')
    assert list(source.rows()) == [
        SourceRow(1, 2, ["1", "a"]),
        SourceRow(2, 3, [], "line 3 has 1 value, but the header names 2 columns"),
        SourceRow(
            3,
            4,
            [],
            "line 4 has 3 values, but the header names 2 columns: "
            "a value with ',' in it must stand in quotes",
        ),
        SourceRow(4, 6, ["4", "d"]),
    ]
    assert source.scan().rows == 4


@pytest.mark.parametrize("row", ['2,"a"b', '2,"a" b,c', '2,"6" nails"', '"2"x'])
def test_a_quote_within_quotes_is_reported_with_its_row(path: Path, row: str) -> None:
    rows = list(source_of(path, f'phone,name\n1,"x\ny"\n{row}\n3,c\n').rows())
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 4), (3, 5)]
    assert rows[1].problem is not None
    assert rows[1].problem.startswith("line 4 is not valid CSV (")
    assert rows[1].problem.endswith("a quote within a quoted value must be written twice")
    assert rows[2].values == ["3", "c"]


def test_a_quote_left_open_in_the_last_line_is_reported_with_its_row(path: Path) -> None:
    rows = list(source_of(path, 'phone,name\n1,a\n2,"b').rows())
    assert [row.problem is None for row in rows] == [True, False]


def test_quotes_in_a_value_without_quotes_are_its_own(path: Path) -> None:
    assert next(source_of(path, 'phone,name\n1,6" nails\n').rows()).values == ["1", '6" nails']


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("excel", ["", "sep=,\n"])
@pytest.mark.parametrize(
    "after",
    [
        "3,c\n4,d\n",
        '3,"c"\n4,d\n',
        "".join(f"{number},name {number}\n" for number in range(20_000)),
    ],
)
def test_a_quote_that_swallows_rows_is_found_where_it_opened(
    path: Path, line_end: str, excel: str, after: str
) -> None:
    content = f'{excel}phone,name\n1,"two\nlines"\n"2","begun\n{after}'.replace("\n", line_end)
    source = source_of(path, content)
    rows = source.rows()
    assert next(rows).values == ["1", f"two{line_end}lines"]
    line = 4 + bool(excel)
    with pytest.raises(SourceError, match=rf"recipients\.csv, line {line}: a quote is opened here") as caught:
        list(rows)
    assert caught.value.line == line
    with pytest.raises(SourceError, match=f"line {line}: "):
        source.scan()


def test_a_quote_that_opens_in_a_later_line_of_its_row(path: Path) -> None:
    source = source_of(path, 'a,b,c\n"x\n""y\n",plain "z","begun\n1,2,3\n')
    with pytest.raises(SourceError, match="line 4: a quote is opened here"):
        list(source.rows())


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("phone,name,phone\n", "line 1, column 3: is named 'phone', as column 1 is"),
        ("phone, ,name\n", "line 1, column 2: has no name"),
        ("phone,name,\n", "line 1, column 3: has no name"),
        ("phone,\x1b[31mname\n", r"line 1, column 2: is named '\x1b[31mname', with control characters"),
        ("\n\nphone,name,\n", "line 3, column 3: has no name"),
        ('"phone"x,name\n', "line 1: the header is not valid CSV"),
        ('phone,"name\n1,a\n', "line 1: a quote is opened here"),
        ("", "recipients.csv: is empty"),
        ("\n\n", "recipients.csv: is empty"),
        ("\ufeff", "recipients.csv: is empty"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_its_place(path: Path, header: str, place: str) -> None:
    with pytest.raises(SourceError) as caught:
        source_of(path, header)
    assert place in str(caught.value)


def test_a_header_alone_is_no_table(path: Path) -> None:
    source = source_of(path, "phone,name\n\n")
    assert list(source.rows()) == []
    with pytest.raises(SourceError, match="has a header but no rows"):
        source.scan()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + bytes(range(120, 170)), "Excel or OpenDocument workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(120, 170)), "old Excel workbook"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x1f\x8b\x08\x00" + bytes(range(120, 170)), "compressed"),
        (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), "UTF-32"),
        (codecs.BOM_UTF32_BE + TABLE.encode("utf-32-be"), "UTF-32"),
        (TABLE.encode("utf-16-le"), "UTF-16 without a byte order mark"),
        (TABLE.encode("utf-16-be"), "UTF-16 without a byte order mark"),
        (TABLE.encode("latin-1"), "line 3: byte 0xEB after '+447911123457,Zo' is no UTF-8 text"),
        (b"phone,name\n1,a\x00b\n", "line 2: byte 0x00 after '1,a' is no UTF-8 text"),
        (b"\x7fELF\x02\x01\x01\x00", "line 1: byte 0x00"),
        (b"lorem ipsum " * 10_000, "line 1: has no line break in 65536 characters"),
    ],
)
def test_what_is_no_csv_is_named_for_what_it_is(path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        source_of(path, content)
    assert words in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows_before", [30_000, 90_002])
def test_bytes_that_are_no_text_are_found_far_down(
    path: Path, encoding: str, line_end: str, rows_before: int
) -> None:
    text = "".join(["phone,name", line_end, f'1,"ü{line_end}"{line_end}' * (rows_before // 2), "2,"])
    wrong = b"\x00\xdc" if encoding == "utf-16" else b"\xff"
    source = source_of(path, text.encode(encoding) + wrong + line_end.encode(encoding))
    line = rows_before // 2 * 2 + 2
    for read in (lambda: list(source.rows()), source.scan):
        with pytest.raises(SourceError, match=rf"line {line}: byte .* after '2,' is no UTF-") as caught:
            read()
        assert caught.value.line == line


def test_text_that_ends_within_a_character(path: Path) -> None:
    with pytest.raises(SourceError, match="line 3: byte 0xC3 after 'Zo' is no UTF-8 text"):
        source_of(path, b"a\nb\nZo\xc3")


def test_only_a_file_that_is_there_can_be_read(path: Path) -> None:
    with pytest.raises(SourceError, match=r"recipients\.csv: cannot be read \(No such file"):
        CsvSource(path)
    path.mkdir()
    with pytest.raises(SourceError, match="is no regular file"):
        CsvSource(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(SourceError, match="is no regular file"):
        CsvSource(path)


def test_a_file_must_stay_as_it_is(path: Path) -> None:
    source = source_of(path, TABLE)
    assert not source.has_changed()
    rows = source.rows()
    next(rows)
    with path.open("a") as file:
        file.write("3,c\n")
    assert source.has_changed()
    with pytest.raises(SourceError, match="was changed"):
        list(rows)
    with pytest.raises(SourceError, match="was changed"):
        source.scan()
    path.unlink()
    assert source.has_changed()
    with pytest.raises(SourceError, match="cannot be read"):
        list(source.rows())


values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(values, min_size=width, max_size=width).filter(lambda row: "".join(row).strip())
    )
)


@given(
    rows=tables,
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    blank_lines=st.integers(0, 2),
)
def test_any_table_is_read_as_it_was_written(
    shared: Path, rows: list[list[str]], delimiter: str, encoding: str, line_end: str, blank_lines: int
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    width = len(rows[0]) if rows else 2
    writer.writerow([f"column {column}" for column in range(width)])
    lines = []
    for row in rows:
        written.write(line_end * blank_lines)
        before = io.IncrementalNewlineDecoder(None, translate=True).decode(written.getvalue(), final=True)
        lines.append(before.count("\n") + 1)
        writer.writerow(row)
    content = written.getvalue().encode(encoding)
    source = source_of(shared, content)
    assert list(source.rows()) == [
        SourceRow(number, line, row) for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1)
    ]
    if rows:
        assert source.scan() == Scan(len(rows), hashlib.sha256(content).hexdigest(), len(content))


@given(content=st.binary(max_size=200) | st.text("ab,;\"'\n\r\t|\ufeff=sep ", max_size=60).map(str.encode))
def test_any_bytes_are_rows_or_an_error_in_words(shared: Path, content: bytes) -> None:
    try:
        source = source_of(shared, content)
        rows = list(source.rows())
    except SourceError as error:
        assert str(error).startswith(str(shared))
        return
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.line for row in rows] == sorted({row.line for row in rows})
    for row in rows:
        assert (len(row.values) == len(source.header)) == (row.problem is None)
    assert not rows or source.scan().rows == len(rows)


@given(
    lines=st.lists(
        st.text("ab \t,;\x1c\xa0\x85\u2028", max_size=6) | st.sampled_from(["", " ", ",", '"']), max_size=12
    ),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\n\n", "\r"]), min_size=1, max_size=3),
    block=st.integers(1, 9),
)
def test_rows_are_counted_as_they_are_read(
    shared: Path, lines: list[str], ends: list[str], block: int
) -> None:
    content = "".join(line + end for line, end in zip(lines, itertools.cycle(ends), strict=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_module, "BLOCK_CHARACTERS", block)
        for text in (content, content[:-1]):
            with contextlib.suppress(SourceError):
                source = source_of(shared, text)
                rows = list(source.rows())
                assert not rows or source.scan().rows == len(rows)


@given(
    st.lists(st.sampled_from(["1,a", "", "2", '3,"b\nc"', '4,"d"e', "5,f,g", " "]), max_size=30),
    st.sets(st.integers(1, 30)),
)
def test_the_rows_wanted_are_those_of_all_with_these_numbers(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], numbers: set[int]
) -> None:
    path = tmp_path_factory.mktemp("wanted") / "recipients.csv"
    path.write_text("phone,name\n" + "".join(line + "\n" for line in lines))
    source = CsvSource(path)
    every = list(source.rows())
    wanted = sorted(number for number in numbers if number <= len(every))
    stretches = [range(number, number + 1) for number in wanted]
    assert list(source.rows_in(stretches)) == [every[number - 1] for number in wanted]
    assert list(source.rows_in([range(1, len(every) + 1)] if every else [])) == every


def test_passing_over_many_rows_can_be_interleaved_with_other_work(path: Path) -> None:
    last = 3 * PASSED_OVER + 5
    source = source_of(path, "phone\n" + "1\n" * last)
    found = list(source.rows_in([range(2, 3), range(PASSED_OVER, PASSED_OVER + 2), range(last, last + 1)]))
    assert [row and row.number for row in found] == [2, PASSED_OVER, PASSED_OVER + 1, None, None, last]
