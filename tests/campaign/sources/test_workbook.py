"""Recipients in workbooks: read as those in CSV are, and no more of them is held."""

from __future__ import annotations

import datetime
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.campaign.sources.tables import WRITERS, Cell, write_ods, write_xls, write_xlsx
from wa_bulk.campaign.sources import (
    Reading,
    RowSource,
    SourceError,
    SourceRow,
    open_source,
    workbook_reader,
)

HEADER = ["phone", "name", "note"]


def rows_of(source: RowSource) -> list[tuple[int, list[str]]]:
    return [(row.line, row.values) for row in source.rows()]


@pytest.mark.parametrize("kind", WRITERS)
class TestEveryKind:
    """What holds for a table, whatever file it is in."""

    def test_yields_the_same_rows(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / f"recipients.{kind}"
        WRITERS[kind](
            path,
            [
                [None, None, None, None],
                [*HEADER, None],
                [447911123456, " Ada ", "a, b", None],
                ["+33 6 12 34 56 78", 'Zoé "Z"', "two\nlines", None],
                [None, "", "  ", None],
                ["+447911123457", "Bob", None, None],
                [None, None, None, None],
            ],
        )
        source = open_source(path)
        assert source.header == HEADER
        assert rows_of(source) == [
            (3, ["447911123456", "Ada", "a, b"]),
            (4, ["+33 6 12 34 56 78", 'Zoé "Z"', "two\nlines"]),
            (6, ["+447911123457", "Bob", ""]),
        ]
        assert [row and row.number for row in source.rows_in([range(2, 3)])] == [2]
        scan = source.scan()
        assert (scan.rows, scan.size) == (3, path.stat().st_size)
        assert scan.sha256 == source.sha256() == open_source(path).sha256()
        assert source.path == path

    def test_is_refused_for_the_same_reasons(self, tmp_path: Path, kind: str) -> None:
        tables: dict[str, tuple[list[list[Cell]], str]] = {
            "twice": ([["phone", "phone"], ["1", "2"]], "column 2: is named 'phone', as column 1"),
            "unnamed": (
                [[None, "phone"], ["1", "2"]],
                r"line 1, column 1: has no name .*row 1 \(line 2\) has '1'",
            ),
            "alone": ([["phone", "name"]], "has a header but no rows under it"),
        }
        for name, (rows, words) in tables.items():
            path = tmp_path / f"{name}.{kind}"
            WRITERS[kind](path, rows)
            with pytest.raises(SourceError, match=words):
                open_source(path).scan()

    def test_that_changes_is_noticed(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / f"recipients.{kind}"
        WRITERS[kind](path, [HEADER, ["1", "a", "b"]])
        source = open_source(path)
        source.scan()
        assert not source.has_changed()
        path.chmod(0o600)
        assert not source.has_changed()
        with path.open("r+b") as file:
            file.write(b"x")
        assert source.has_changed()


cells = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t", max_codepoint=0xFFFD),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6))
def test_csv_and_workbook_yield_the_same_for_the_same_table(tmp_path: Path, rows: list[list[str]]) -> None:
    found = []
    for kind in ("csv", "ods"):
        path = tmp_path / f"recipients.{kind}"
        WRITERS[kind](path, [HEADER, *rows])
        found.append(rows_of(open_source(path)))
    assert found[0] == found[1]


def test_what_cells_hold_comes_in_plain_forms(tmp_path: Path) -> None:
    moment = datetime.datetime(2026, 11, 25, 14, 5)
    shown: list[tuple[Cell, str]] = [
        (447911123456, "447911123456"),
        (447911123456.0, "447911123456"),
        (4.47911123456e11, "447911123456"),
        ("447911123456", "447911123456"),
        (-85298765370, "-85298765370"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (0, "0"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (True, "TRUE"),
        (False, "FALSE"),
        (datetime.date(2026, 11, 25), "2026-11-25"),
        ("=1+", "=1+"),
    ]
    only_new: list[tuple[Cell, str]] = [
        (moment, "2026-11-25 14:05:00"),
        (datetime.time(14, 5, 9), "14:05:09"),
    ]
    for kind, write, expected in (
        ("xlsx", write_xlsx, [*shown[:-1], *only_new]),
        ("ods", write_ods, [*shown, *only_new]),
        ("xls", write_xls, shown),
    ):
        path = tmp_path / f"recipients.{kind}"
        write(path, [["phone", "value"], *(["1", cell] for cell, _ in expected)])
        assert [values[1] for _, values in rows_of(open_source(path))] == [text for _, text in expected], kind


def test_errors_are_their_text(tmp_path: Path) -> None:
    path = tmp_path / "recipients.xlsx"
    rows: list[list[Cell]] = [[number, "x" * 200, None] for number in range(2, 8_000)]
    write_xlsx(path, [[None], HEADER, ["#N/A", "a", "#DIV/0!"], *rows, ["1", "#REF!", "b"]])
    found = rows_of(open_source(path))
    assert found[0] == (3, ["#N/A", "a", "#DIV/0!"])
    assert found[-1] == (8_002, ["1", "#REF!", "b"])
    assert found[-2] == (8_001, ["7999", "x" * 200, ""])


def test_formulas_that_nothing_has_computed_are_their_text(tmp_path: Path) -> None:
    path = tmp_path / "recipients.xlsx"
    write_xlsx(path, [HEADER, ['="+44" & A9', "=UPPER(B9)", "a"], ["=A2", "b", "=1<2"]])
    assert rows_of(open_source(path)) == [
        (2, ['="+44" & A9', "=UPPER(B9)", "a"]),
        (3, ["=A2", "b", "=1<2"]),
    ]


def test_a_formula_that_gave_an_empty_text_is_empty() -> None:
    cells = (
        b'<row r="1"><c r="A1" t="str"><f>A2</f><v></v></c><c r="B1"><f t="shared" si="0"/></c>'
        b'<c r="C1"><f>&quot;x&quot;</f><v/></c><c r="D1"><f>A2</f><v>7</v></c></row>'
    )
    unread = workbook_reader.Unread()
    unread.read(io.BytesIO(cells))
    assert unread.cells == {0: {1: "=…", 2: '="x"'}}


class TestSheets:
    def test_the_only_one_is_taken_and_said(self, tmp_path: Path) -> None:
        write_xlsx(tmp_path / "one.xlsx", [HEADER, ["1", "a", "b"]])
        assert open_source(tmp_path / "one.xlsx").sheet == "'People'"

    def test_the_first_that_can_be_seen_is_taken_and_said(self, tmp_path: Path) -> None:
        path = tmp_path / "several.xlsx"
        write_xlsx(path, [HEADER, ["1", "a", "b"]], sheet="Notes", others=["People", "Old"])
        workbook = openpyxl.load_workbook(path)
        workbook["Notes"].sheet_state = "hidden"
        workbook.save(path)
        source = open_source(path)
        assert (source.sheet, source.header) == ("'People', the first of 2", ["People"])
        assert open_source(path, Reading(sheet="Notes")).header == HEADER
        assert open_source(path, Reading(sheet="Old")).sheet == "'Old'"

    def test_one_that_is_not_there_is_refused_with_those_that_are(self, tmp_path: Path) -> None:
        path = tmp_path / "several.xlsx"
        write_xlsx(path, [HEADER], others=["Old"])
        with pytest.raises(SourceError, match="has no sheet 'people'; its sheets are: 'People', 'Old'"):
            open_source(path, Reading(sheet="people"))

    def test_one_with_nothing_in_it_is_refused(self, tmp_path: Path) -> None:
        write_xlsx(tmp_path / "empty.xlsx", [], others=["Old"])
        with pytest.raises(SourceError, match="has nothing in sheet 'People'; its sheets are: 'People'"):
            open_source(tmp_path / "empty.xlsx")


def test_what_reads_workbooks_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_xlsx(tmp_path / "recipients.xlsx", [HEADER])
    (tmp_path / "python_calamine.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"not installed: pip install 'wa-bulk\[excel\]', or save"):
        open_source(tmp_path / "recipients.xlsx")


def test_no_module_is_taken_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_xlsx(tmp_path / "recipients.xlsx", [HEADER, ["1", "a", "b"]])
    (tmp_path / "python_calamine.py").write_text("raise SystemExit('taken')")
    (tmp_path / "csv.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    assert open_source(Path("recipients.xlsx")).header == HEADER


def test_a_reader_that_breaks_down_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_xlsx(tmp_path / "recipients.xlsx", [HEADER])
    (tmp_path / "python_calamine.py").write_text("import os\nos.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"cannot be read as a workbook \(its reader ended with -6\)"):
        open_source(tmp_path / "recipients.xlsx")


def test_what_it_is_turned_into_is_nowhere_to_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spools))
    write_xlsx(tmp_path / "recipients.xlsx", [HEADER, ["1", "a", "b"]])
    source = open_source(tmp_path / "recipients.xlsx")
    assert list(source.rows()) == [SourceRow(1, 2, ["1", "a", "b"])]
    if os.path.exists("/proc/self/fd"):  # noqa: PTH110 - as a killed process leaves it
        assert list(spools.iterdir()) == []
    del source
    assert list(spools.iterdir()) == []


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ([], "'Sheet'"),
        ([3], "'Sheet', whose 1 hidden row is read like the others"),
        (range(2, 2500), "'Sheet', whose 2,498 hidden rows are read like the others"),
    ],
    ids=["none", "one", "many"],
)
def test_rows_that_a_filter_hides_are_told(tmp_path: Path, hidden: Sequence[int], words: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for row in range(2, 3001):
        sheet.append([f"+44791112{row:04d}", "Ada " * 200, ""])
    sheet.auto_filter.ref = "A1:C3000"
    for row in hidden:
        sheet.row_dimensions[row].hidden = True
    sheet.row_dimensions[4000].hidden = True  # nothing is in it
    book.save(tmp_path / "filtered.xlsx")
    source = open_source(tmp_path / "filtered.xlsx")
    assert source.sheet == words
    assert source.scan().rows == 2999


def test_the_memory_of_a_large_one_is_not_the_senders(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook(write_only=True)
    page = workbook.create_sheet("People")
    page.append(HEADER)
    for number in range(30_000):
        page.append([447900000000 + number, f"Name {number}", "x" * 50])
    workbook.save(tmp_path / "recipients.xlsx")
    script = (
        "import resource, sys; from pathlib import Path; from wa_bulk.campaign.sources import open_source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = sum(1 for _ in open_source(Path(sys.argv[1])).rows())\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "recipients.xlsx")],
        capture_output=True,
        text=True,
        check=True,
    )
    rows, grown_kib = map(int, ended.stdout.split())
    assert rows == 30_000
    assert grown_kib < 10_000
