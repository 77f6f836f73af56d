from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wa_bulk.campaign.sources import csv as csv_module
from wa_bulk.campaign.sources import quoted_rows, source_file
from wa_bulk.campaign.sources.base import CELL_MAX, Scan, SourceError, SourceRow
from wa_bulk.campaign.sources.csv import PASSED_OVER, CsvSource
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile
from wa_bulk.campaign.sources.text_file import LINE_MAX

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


def source_of(
    path: Path, content: str | bytes, encoding: str = "utf-8", reading: Reading | None = None
) -> CsvSource:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return CsvSource(SourceFile(path), reading)


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


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", "sep=;;;", '"sep=;"', '"sep=;";;', "sep=,;;", "sep=; "])
def test_excels_own_first_line_is_no_row_and_no_line_that_it_shows(path: Path, hint: str) -> None:
    source = source_of(path, f"{hint}\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n"))
    assert source.header == ["phone", "name"]
    assert list(source.rows()) == ROWS
    assert source.scan().rows == 2


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


@pytest.mark.parametrize(
    "row",
    ["1,a", " 1 , a ", "\t1,\u00a0a\u3000", '1, "a"', '"1" ,"a"', '\u00a0"1"\t, \u2007"a" ', '" 1 "," a\n"'],
)
def test_blanks_around_delimiters_and_values_are_no_part_of_them(path: Path, row: str) -> None:
    source = source_of(path, f" phone ,\u00a0name\n{row}\n2,b\n")
    assert source.header == ["phone", "name"]
    assert [found.values for found in source.rows()] == [["1", "a"], ["2", "b"]]


def test_quotes_after_a_blank_are_quotes(path: Path) -> None:
    source = source_of(path, 'phone,name\n1, "Smith, ""J"" A"\n2,\u2007"two\nlines" \n3,x "y"\n')
    assert [(row.line, row.values[1]) for row in source.rows()] == [
        (2, 'Smith, "J" A'),
        (3, "two\nlines"),
        (4, 'x "y"'),
    ]


def test_a_line_is_the_one_that_a_spreadsheet_shows(path: Path) -> None:
    source = source_of(path, 'phone,name\n1,"a\nb\nc"\n\n2,d\n"x\ny",\n3,"e"f\n4\n')
    assert [(row.number, row.line) for row in source.rows()] == [(1, 2), (2, 4), (3, 5), (4, 6), (5, 7)]


def test_columns_without_a_name_and_without_a_value_are_none(path: Path) -> None:
    source = source_of(path, "phone,, name ,,\n1,,a,,\n2, ,b\n3,,c,,,,\n,,\n4,,d\n")
    assert source.header == ["phone", "name"]
    assert [row.values for row in source.rows()] == [["1", "a"], ["2", "b"], ["3", "c"], ["4", "d"]]
    assert source.scan().rows == 4


@pytest.mark.parametrize("read", [lambda source: list(source.rows()), lambda source: source.scan()])
def test_a_column_without_a_name_but_with_a_value_is_refused(
    path: Path, read: Callable[[CsvSource], object]
) -> None:
    source = source_of(path, ",phone,name\n,1,a\n0,2,b\n")
    with pytest.raises(SourceError, match=r"line 1, column 1: has no name .*, but row 2 \(line 3\)"):
        read(source)


def test_names_are_in_nfc(path: Path) -> None:
    assert source_of(path, "te\u0301l,nom\n1,a\n").header == ["tél", "nom"]


@pytest.mark.parametrize(
    ("content", "columns", "delimiter"),
    [
        ("phone;name,x\n1;a,b\n", ["phone"], ";"),
        ("phone;name,x\n1;a,b\n", ["x"], ","),
        ("phone;name|x\n1;a|b\n", ["phone;name", "x"], "|"),
        ("phone,name;x\n1,a;b\n", [], ","),
    ],
)
def test_among_delimiters_that_fit_the_campaigns_columns_decide(
    path: Path, content: str, columns: list[str], delimiter: str
) -> None:
    path.write_text(content)
    assert CsvSource(SourceFile(path), None, columns).delimiter == delimiter


def test_what_the_user_says_of_delimiter_and_encoding_decides(path: Path) -> None:
    source = source_of(path, "sep=;\nphone:name;x\n1:Zoë;y\n", "cp1252", Reading(":", "cp1252"))
    assert source.header == ["phone", "name;x"]
    assert next(source.rows()).values == ["1", "Zoë;y"]


class TestLongCells:
    @pytest.mark.parametrize(
        "cell", ["x" * 3_000_000, '"' + "x\ny" * 300_000 + '"', " " * 3_000_000, '"' + '""' * 100_000 + '"']
    )
    def test_are_cut_and_leave_the_others_alone(self, path: Path, cell: str) -> None:
        source = source_of(path, f"phone,note,name\n1,{cell},a\n2,y,b\n")
        first, second = source.rows()
        assert (first.values[0], first.values[2], len(first.values[1])) == (
            ("1", "a", 0) if cell.isspace() else ("1", "a", CELL_MAX + 1)
        )
        assert second == SourceRow(2, 3, ["2", "y", "b"])
        assert source.scan().rows == 2

    def test_a_row_of_too_many_is_refused_and_the_next_is_read(self, path: Path) -> None:
        cell = "x" * CELL_MAX
        wide = source_of(path, "phone,name\n" + f"{cell}," * 100 + "\n2,b\n")
        many = source_of(path.with_name("many"), "phone,name\n1" + ",x" * 300_000 + "\n2,b\n")
        for source in (wide, many):
            first, second = source.rows()
            assert first.problem is not None
            assert "more than" in first.problem
            assert second.values == ["2", "b"]

    def test_a_malformed_long_line_does_not_take_the_next_with_it(self, path: Path) -> None:
        source = source_of(path, f'phone,name\n1,"a"b{"x" * 3_000_000}\n2,b\n')
        assert [(row.line, row.problem is None) for row in source.rows()] == [(2, False), (3, True)]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("size", [LINE_MAX - 5, LINE_MAX - 4, LINE_MAX - 3, LINE_MAX - 2, LINE_MAX + 1])
    def test_pieces_of_a_line_are_put_together_at_its_end(self, path: Path, end: str, size: int) -> None:
        source = source_of(path, f"phone,name{end}1,{'x' * size}{end}2,b{end}{end}3,c{end}")
        rows = list(source.rows())
        assert [(row.line, row.values[0]) for row in rows] == [(2, "1"), (3, "2"), (5, "3")]


def test_rows_of_another_width_are_reported_and_counted(path: Path) -> None:
    source = source_of(path, 'phone,name\n1,a\n2\n3,"b\nb",c\n4,d\n')
    assert list(source.rows()) == [
        SourceRow(1, 2, ["1", "a"]),
        SourceRow(2, 3, [], "has 1 value, but the header names 2 columns"),
        SourceRow(
            3,
            4,
            [],
            "has 3 values, but the header names 2 columns: a value with ',' in it must stand in quotes",
        ),
        SourceRow(4, 5, ["4", "d"]),
    ]
    assert source.scan().rows == 4


@pytest.mark.parametrize("row", ['2,"a"b', '2,"a" b,c', '2,"6" nails"', '"2"x', '2, "a" "b"'])
def test_a_quote_within_quotes_is_reported_with_its_row(path: Path, row: str) -> None:
    rows = list(source_of(path, f'phone,name\n1,"x\ny"\n{row}\n3,c\n').rows())
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 3), (3, 4)]
    assert rows[1].problem is not None
    assert rows[1].problem.startswith("is not valid CSV (")
    assert "a quote within a quoted value must be written twice" in rows[1].problem
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
        ("phone,name,pho\u0301ne,ph\u00f3ne\n", "line 1, column 4: is named 'phóne', as column 3 is"),
        ("phone,\x1b[31mname\n", r"line 1, column 2: is named '\x1b[31mname', with control characters"),
        ("\n\nphone,name,phone\n", "line 3, column 3: is named 'phone'"),
        ("sep=,\nphone,name,phone\n", "line 2, column 3: is named 'phone'"),
        (",,\n\u00a0,\n", "recipients.csv: is empty"),
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
    lines: list[int] = []
    for row in rows:
        written.write(line_end * blank_lines)
        lines.append(2 + len(lines) + blank_lines * (len(lines) + 1))
        writer.writerow(row)
    content = written.getvalue().encode(encoding)
    source = source_of(shared, content)
    assert list(source.rows()) == [
        SourceRow(number, line, [value.strip() for value in row])
        for number, (line, row) in enumerate(zip(lines, rows, strict=True), 1)
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
    block=st.integers(2, 9),
)
def test_rows_are_counted_as_they_are_read(
    shared: Path, lines: list[str], ends: list[str], block: int
) -> None:
    content = "".join(line + end for line, end in zip(lines, itertools.cycle(ends), strict=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_file, "BLOCK_BYTES", block)
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
    source = CsvSource(SourceFile(path))
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


@given(
    st.lists(
        st.text("ab,\"' \t\xa0\n\r", max_size=30)
        | st.lists(st.sampled_from(['"a"', '""', '","', '"\t"', ",", "\t", " ", '"']), max_size=6).map(
            "".join
        ),
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([",", "\t"]),
)
@example(['\t","', ""], "\n", ",")
@example(['b"c,\xa0 "d,"', 'e"'], "\n", ",")
def test_the_fast_way_and_the_careful_one_read_the_same(
    shared: Path, lines: list[str], end: str, delimiter: str
) -> None:
    content = f"a{delimiter}b" + end + "".join(line + end for line in lines)

    def outcome() -> object:
        try:
            return list(source_of(shared, content, reading=Reading(delimiter=delimiter)).rows())
        except SourceError as error:
            return str(error)

    fast = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quoted_rows, "LINE_MAX", 0)
        patch.setattr(csv_module, "LINE_MAX", 0)
        assert outcome() == fast
