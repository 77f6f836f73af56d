import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.send.transport.reply_head import ReplyHead, keep_alive_seconds, retry_after_seconds
from wa_bulk.send.transport.request import Endpoint, endpoint, request_head, request_headers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/v1?a=b", Endpoint(False, "h", 80, "h", "/v1?a=b")),
        ("https://API.example", Endpoint(True, "api.example", 443, "api.example", "/")),
        ("https://h:443/x", Endpoint(True, "h", 443, "h", "/x")),
        ("http://h:443/x", Endpoint(False, "h", 443, "h:443", "/x")),
        ("http://[::1]:8025/x", Endpoint(False, "::1", 8025, "[::1]:8025", "/x")),
        (
            "https://bücher.example/",
            Endpoint(True, "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/"),
        ),
        ("http://h/x#fragment", Endpoint(False, "h", 80, "h", "/x")),
    ],
)
def test_endpoints(url: str, expected: Endpoint) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "h/x", "ftp://h/", "http:///x", "http://h/ x", "http://h/ü", "http://h:port/", "http://h:99999/"],
)
def test_urls_that_cannot_be_posted_to(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|Port"):
        endpoint(url)


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="credentials") as caught:
        endpoint("https://me:hidden@h/")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "a\x00"),
        ("X Y", "hidden"),
        ("", "hidden"),
        ("X:", "hidden"),
        ("X", "ü"),
    ],
)
def test_headers_that_could_split_the_request_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="does not allow") as caught:
        request_headers({name: value})
    assert value not in str(caught.value).replace(repr(name), "")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Expect", "Connection"])
def test_headers_of_the_transport_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="transport itself"):
        request_headers({name: "x"})


def test_defaults_give_way() -> None:
    assert request_headers({"content-type": "text/plain"}) == {
        "Accept-Encoding": "identity",
        "content-type": "text/plain",
    }


def test_the_head_ends_where_the_length_goes() -> None:
    assert request_head(endpoint("http://h/v1"), {"X": "y"}) == (
        b"POST /v1 HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\n"
        b"X: y\r\nContent-Length: "
    )


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "9" * 400}, 999_999_999.0),
        ({"retry-after": "2015-10-21T07:28:10Z", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:10 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:10 -0000", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wednesday, 21-Oct-15 07:28:10 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed Oct 21 07:28:10 2015", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:10 GMT"}, None),
    ],
)
def test_retry_after(fields: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(fields) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_retry_after_survives_anything(value: str, date: str) -> None:
    seconds = retry_after_seconds({"retry-after": value, "date": date})
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("timeout=5", 5.0),
        ("max=100, Timeout = 20", 20.0),
        ('timeout="7", max=3', 7.0),
        ("xtimeout=5", float("inf")),
        ("", float("inf")),
    ],
)
def test_keep_alive(value: str, seconds: float) -> None:
    assert keep_alive_seconds({"keep-alive": value}) == seconds


def test_headers_are_those_of_the_final_reply() -> None:
    head = ReplyHead(
        b"HTTP/1.1 103 Early\r\nRetry-After: 1\r\n\r\n"
        b"HTTP/1.1 429 Slow\r\nRetry-After: 2\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"
        b"HTTP/1.1 503 More\r\nRetry-After: 4\r\n\r\n"
    )
    assert head.fields == {"retry-after": "2", "content-length": "0"}
    assert not head.ends_at_close


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na", False),
    ],
)
def test_bodies_that_end_with_the_connection(received: bytes, expected: bool) -> None:
    assert ReplyHead(received).ends_at_close is expected
