"""Rows on their way to workers."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.cluster.chunk import BYTES, ROWS, Packer, QueuedRow, decode_rows, encode_rows

values = st.lists(st.text(max_size=20), max_size=4)


def packed(rows: list[QueuedRow]) -> list[list[QueuedRow]]:
    packer = Packer()
    chunks = [chunk for row in rows if (chunk := packer.add(row))]
    return [*chunks, *([rest] if (rest := packer.rest()) else [])]


@given(st.lists(values, max_size=50))
def test_rows_come_out_as_they_went_in(cells: list[list[str]]) -> None:
    rows = [QueuedRow(number, number + 1, row) for number, row in enumerate(cells, 1)]
    rows.append(QueuedRow(len(rows) + 1, 99, [], "skipped", "+447911123456", "duplicate of row 1"))
    assert decode_rows(encode_rows(rows)) == rows


def test_a_chunk_is_bounded_in_rows_and_in_bytes() -> None:
    short = [QueuedRow(number, number, ["+447911123456"]) for number in range(1, 2502)]
    assert [len(chunk) for chunk in packed(short)] == [ROWS, ROWS, 501]
    long = [QueuedRow(number, number, ["x" * 10_000]) for number in range(1, 101)]
    chunks = packed(long)
    assert all(len(chunk) * 10_000 < BYTES + 20_000 for chunk in chunks)
    assert list(chain(*chunks)) == long
