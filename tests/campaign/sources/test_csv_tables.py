"""Any table at all, in any bytes: what is written is read, and read the same by both ways of reading."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.campaign.sources.tables import source_of
from wa_bulk.campaign.sources import csv as csv_module
from wa_bulk.campaign.sources import quoted_rows, source_file
from wa_bulk.campaign.sources.base import Scan, SourceError, SourceRow
from wa_bulk.campaign.sources.csv import CsvSource
from wa_bulk.campaign.sources.reading import Reading
from wa_bulk.campaign.sources.source_file import SourceFile


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources") / "recipients.csv"


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
        st.text("ab \t,;\x1c\xa0\x85\u2028\u200b", max_size=6) | st.sampled_from(["", " ", ",", '"']),
        max_size=12,
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
