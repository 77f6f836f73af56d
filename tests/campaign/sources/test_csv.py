from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaign.sources.tables import source_of
from wa_bulk.campaign.sources.base import CELL_MAX, SourceError, SourceRow
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


def test_what_cannot_be_seen_around_a_name_is_no_part_of_it(path: Path) -> None:
    path.write_text("\ufeff\ufeffphone,\u200bna\u200bme\u00ad,\u202ato\u202c\n1,2,3\n", "utf-8")
    assert CsvSource(SourceFile(path)).header == ["phone", "na\u200bme", "to"]
    path.write_text("\ufeff\u200b,\u200b\nphone,name\n1,2\n", "utf-8")
    assert CsvSource(SourceFile(path)).header == ["phone", "name"]


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


def test_passing_over_many_rows_can_be_interleaved_with_other_work(path: Path) -> None:
    last = 3 * PASSED_OVER + 5
    source = source_of(path, "phone\n" + "1\n" * last)
    found = list(source.rows_in([range(2, 3), range(PASSED_OVER, PASSED_OVER + 2), range(last, last + 1)]))
    assert [row and row.number for row in found] == [2, PASSED_OVER, PASSED_OVER + 1, None, None, last]
