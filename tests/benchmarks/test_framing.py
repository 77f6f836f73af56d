"""The bundled server's framing: where one request ends and the next begins."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.servers.framing import LONGEST_REQUEST, BadRequestError, Framing, content_length

HEAD = b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


def request(body: bytes) -> bytes:
    return HEAD % len(body) + body


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(0, 600), max_size=8))
def test_requests_are_counted_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(request, bodies))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    framing = Framing()
    whole, unfinished = 0, b""
    for start, end in pairwise(places):
        more, unfinished = framing.split(unfinished + stream[start:end])
        whole += more
    assert (whole, unfinished) == (len(bodies), b"")


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"GET / HTTP/1.1\r\nHost: x", 0),
        (b"POST / HTTP/1.1\r\ncontent-length:7", 7),
        (b"POST / HTTP/1.1\r\nX-Content-Length: 9\r\nCONTENT-LENGTH:  12 ", 12),
    ],
)
def test_the_length_is_found_in_any_spelling(head: bytes, length: int) -> None:
    assert content_length(head) == length


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nContent-Length: many",
        b"POST / HTTP/1.1\r\nContent-Length: -1",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked",
    ],
)
def test_what_cannot_be_framed_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequestError):
        Framing().split(head + b"\r\n\r\n")


def test_an_endless_request_is_refused() -> None:
    with pytest.raises(BadRequestError, match="longer than"):
        Framing().split(b"x" * (LONGEST_REQUEST + 1))
