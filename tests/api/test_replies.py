"""Replies as they really come: an odd field, or an odd body, does not hide the rest."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.api.replies import ReplyFields, read_reply


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{"message_id":"m1","request_id":"r1"}', ReplyFields("m1", "r1")),
        (b'{"message_id":"m1","request_id":17}', ReplyFields("m1", "17")),
        (b'{"message_id":"m1","request_id":{"a":1}}', ReplyFields("m1")),
        (b'{"message_id":4711}', ReplyFields("4711")),
        (b'{"message_id":4711.0}', ReplyFields("4711")),
        (b'{"message_id":" m1 "}', ReplyFields("m1")),
        (b'{"message_id":true}', ReplyFields(text='{"message_id":true}')),
        (b'{"message_id":""}', ReplyFields(text='{"message_id":""}')),
        (b'{"message_id":["m1"]}', ReplyFields(text='{"message_id":["m1"]}')),
        (b'{"error":"down"}', ReplyFields(text='{"error":"down"}')),
        (b'\xef\xbb\xbf{"message_id":"m1"}', ReplyFields("m1")),
        ('{"message_id":"m1"}'.encode("utf-16"), ReplyFields("m1")),
        (gzip.compress(b'{"message_id":"m1"}', mtime=0), ReplyFields("m1")),
        (zlib.compress(b'{"message_id":"m1"}'), ReplyFields("m1")),
        (zlib.compress(b'{"message_id":"m1"}', wbits=-15), ReplyFields("m1")),
        (gzip.compress(gzip.compress(b'{"message_id":"m1"}', mtime=0), mtime=0), ReplyFields("m1")),
        (b'\r\n {"message_id":"m1"} <!-- proxy -->', ReplyFields("m1")),
        (b'{"message_id":"m1","note":"\xff\xfe"}', ReplyFields("m1")),
        (b'{"message_id":"m1","note":"a\nb"}', ReplyFields("m1")),
        (b'{"message_id":"m1","n":NaN}', ReplyFields("m1")),
        (b'{"message_id":"\\ud800"}', ReplyFields("\ufffd")),
        (b'{"code":2003}', ReplyFields(code=2003)),
        (b'{"code":"2003"}', ReplyFields(code=2003)),
        (b'{"code":" 2003 "}', ReplyFields(code=2003)),
        (b'{"code":2003.0}', ReplyFields(code=2003)),
        (b'{"code":"2003.0"}', ReplyFields(code=2003)),
        (b'{"code":"2003\x1d\x1d"}', ReplyFields(code=2003)),
        (b'{"code":true}', ReplyFields(text='{"code":true}')),
        (b'{"code":1e400}', ReplyFields(text='{"code":1e400}')),
        (
            b'{"message":"","code":%b}' % (b"9" * 40),
            ReplyFields(text='{"message":"","code":%s}' % ("9" * 40)),
        ),
        (b'{"code":2003.5}', ReplyFields(text='{"code":2003.5}')),
        (b'{"code":"E2003"}', ReplyFields(text='{"code":"E2003"}')),
        (b'{"code":2003,"message":{"a":1}}', ReplyFields(code=2003, message='{"a":1}')),
        (b'{"code":2003,"message":{"a":"\\ud800"}}', ReplyFields(code=2003, message='{"a":"\ufffd"}')),
        (b'{"code":2003,"message":17}', ReplyFields(code=2003, message="17")),
        (b'{"code":2003,"message":null}', ReplyFields(code=2003)),
        (b"<html>Bad Gateway</html>", ReplyFields(text="<html>Bad Gateway</html>")),
        (b"[1]", ReplyFields(text="[1]")),
        (b"", ReplyFields()),
        (b"\x1f\x8b broken", ReplyFields(text="\x1f\ufffd broken")),
    ],
)
def test_each_field_is_read_by_itself(body: bytes, fields: ReplyFields) -> None:
    assert read_reply(body) == fields


def test_a_compressed_bomb_is_unpacked_only_so_far() -> None:
    assert read_reply(gzip.compress(b" " * 50_000_000 + b'{"message_id":"m1"}')).message_id is None


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"code":' + b"9" * 10_000 + b"}"])
def test_what_no_parser_takes_is_text(body: bytes) -> None:
    assert read_reply(body).code is None


@given(st.binary(max_size=200))
def test_it_never_raises(body: bytes) -> None:
    read_reply(body)
    read_reply(b'{"message_id":"m1",' + body)


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), st.lists, max_leaves=5)
)
def test_whatever_the_message_is_the_code_is_read(value: object) -> None:
    import json

    fields = read_reply(json.dumps({"message": value, "request_id": value, "code": 3002}).encode())
    assert fields.code == 3002
