"""No row is lost because another one is odd, and what is no batch is told as such."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.callbacks.rows import body, said, status
from wa_bulk import ValidationError
from wa_bulk.callbacks import ReceivedRow, parse_callback
from wa_bulk.callbacks.parse import ROWS_MOST

GOOD = body(status("sent"))[len(b'{"total":1,"rows":[') : -len(b"]}")]

ODD = {
    "half a surrogate pair": GOOD.replace(b"A-1", b"\\ud83d"),
    "a byte that is not UTF-8": GOOD.replace(b"A-1", b"\xff"),
    "not a number": GOOD.replace(b"1795000000", b"NaN"),
    "beyond any number": GOOD.replace(b"1795000000", b"1e999"),
    "nested beyond any use": GOOD.replace(b'"A-1"', b"[" * 5000 + b"]" * 5000),
    "brackets in a text": GOOD.replace(b"A-1", b'\\"]},{[\\\\'),
    "brackets in a text that is not JSON": GOOD.replace(b"A-1", b'\\"]},{[\\\\ \\ud83d'),
    "no JSON": b"{nothing}",
    "a bare word": b"undefined",
    "a number": b"5",
    "null": b"null",
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_row_costs_no_other(odd: bytes) -> None:
    rows = parse_callback(b'{"total": 3, "rows": [' + GOOD + b" ,\n" + odd + b"," + GOOD + b"]}")
    assert [row.message_id for row in (rows[0], rows[2])] == ["m1", "m1"]
    assert len(rows) == 3
    assert isinstance(rows[1], ReceivedRow)
    assert rows[1].raw == odd


def test_a_quote_too_many_in_the_last_row_costs_no_other() -> None:
    odd = b'{"width":"5" or more"}'
    rows = parse_callback(b'{"rows":[' + GOOD + b"," + odd + b"]}")
    assert [row.raw for row in rows if isinstance(row, ReceivedRow)] == [GOOD, odd]


FORMS = {
    "the vendor's": b'{"total":1,"rows":[' + GOOD + b"]}",
    "another total": b'{"total":"x","rows":[' + GOOD + b"]}",
    "no total": b'{"rows":[' + GOOD + b"]}",
    "more keys": b'{"total":1,"rows":[' + GOOD + b'],"page":{"rows":[]}}',
    "a byte order mark": b'\xef\xbb\xbf {"rows":[' + GOOD + b"]}\r\n",
    "a bare list": b"[" + GOOD + b"]",
    "a row on its own": GOOD,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_forms_of_a_batch(form: bytes) -> None:
    (row,) = parse_callback(form)
    assert isinstance(row, ReceivedRow)
    assert (row.message_id, row.raw) == ("m1", GOOD)


@pytest.mark.parametrize("probe", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_a_probe_has_no_rows(probe: bytes) -> None:
    assert parse_callback(probe) == []


def test_a_batch_may_be_empty() -> None:
    assert parse_callback(b'{"total":0,"rows":[]}') == []


NO_BATCH = [
    b"hello",
    b"<html></html>",
    b"{}",
    b'{"rows": 5}',
    b'{"rows": {"a": 1}}',
    b"5",
    b"null",
    b'"rows"',
    b'{"total":1,"rows":[' + GOOD,
    b'{"total":1,"rows":[' + GOOD[:-9],
    b'{"total":1,"rows":[' + GOOD + b",",
    b"\x00\x01\x02",
    b"[" * 100_000,
    b'{"rows":[' * 50_000,
    b'{"total":1,"rows":["',
    "{“rows”:[]}".encode(),
    b'{"rows":["' + b'\\"' * 500_000,  # looked at once, not once for each quote
    b'{"rows":["\\',
]


@pytest.mark.parametrize("garbage", NO_BATCH, ids=range(len(NO_BATCH)))
def test_what_is_no_batch_is_refused_with_what_was_expected(garbage: bytes) -> None:
    with pytest.raises(ValidationError, match="expected"):
        parse_callback(garbage)


def test_what_is_not_json_is_not_looked_through_without_end() -> None:
    body = b'{"rows":[{"a":NaN,"b":[%b0]}]}'
    assert len(parse_callback(body % (b"[]," * 1_000))) == 1
    with pytest.raises(ValidationError, match="is not JSON"):
        parse_callback(body % (b"[]," * 100_000))


def test_a_small_body_cannot_ask_for_millions_of_rows() -> None:
    assert len(parse_callback(b"[0" + b",0" * (ROWS_MOST - 1) + b"]")) == ROWS_MOST
    with pytest.raises(ValidationError, match="20,001"):
        parse_callback(b"[0" + b",0" * ROWS_MOST + b"]")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_whatever_comes_is_read_or_refused(anything: bytes) -> None:
    for candidate in (anything, b'{"rows":[' + anything + b"]}"):
        try:
            rows = parse_callback(candidate)
        except ValidationError:
            continue
        assert all(isinstance(row, ReceivedRow) for row in rows)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(json_values | st.just(status()) | st.just(said("hi")), max_size=8))
def test_there_are_as_many_rows_as_were_sent_each_as_it_came(values: list[Any]) -> None:
    texts = [json.dumps(value).encode() for value in values]
    rows = parse_callback(b'{"rows": [' + b", ".join(texts) + b"]}")
    assert [row.raw for row in rows if isinstance(row, ReceivedRow)] == texts


@pytest.mark.parametrize("body", ["{}", {"rows": []}, None])
def test_what_is_no_body_is_told(body: object) -> None:
    with pytest.raises(TypeError, match="expected the body of a request as bytes, got"):
        parse_callback(body)  # type: ignore[arg-type]


def test_a_body_may_be_any_kind_of_bytes() -> None:
    for kind in (bytes, bytearray, memoryview):
        assert len(parse_callback(kind(b'{"rows":[{}]}'))) == 1  # type: ignore[arg-type]
