"""A server may echo the secret in whatever encoding it likes."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_bulk.send.redaction import Redaction

redaction_of = cache(Redaction)
PAIRS = [("key", "2b4f8e7c9d1a3f5e"), ("a1b2c3d4e5f60718293a4b5c", "q\"w/e+r=t&y<u'i \\o~~??>>")]


def escaped(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(character)) for character in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "every byte percent": escaped("%{:02X}"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON twice": lambda text: json.dumps(json.dumps(text))[3:-3],
    "JSON, code points": escaped("\\u{:04x}"),
    "Python": escaped("\\x{:02X}"),
    "HTML": html.escape,
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML, decimal": escaped("&#{};"),
    "HTML, hexadecimal": escaped("&#x{:X};"),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, upper case": lambda text: text.encode().hex().upper(),
    "hexadecimal, apart": lambda text: text.encode().hex(":"),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64, URL": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "base64, unpadded": lambda text: b64encode(text.encode()).decode().rstrip("="),
    "base64, percent": lambda text: quote(b64encode(text.encode()).decode(), safe=""),
    "base64, code points": lambda text: escaped("\\u{:04X}")(b64encode(text.encode()).decode()),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize(("key", "secret"), PAIRS, ids=["hexadecimal", "special"])
@pytest.mark.parametrize("what", ["secret", "pair", "token"])
def test_every_encoding_is_hidden(key: str, secret: str, what: str, encode: Callable[[str], str]) -> None:
    pair = f"{key}:{secret}"
    echoed = {"secret": secret, "pair": pair, "token": b64encode(pair.encode()).decode()}[what]
    assert redaction_of(key, secret).of_words(f"no [{encode(echoed)}] here") == "no [***] here"


@pytest.mark.parametrize("ahead", range(4))
@pytest.mark.parametrize(("key", "secret"), PAIRS, ids=["hexadecimal", "special"])
def test_base64_of_more_than_the_secret_is_hidden_where_the_secret_is(
    key: str, secret: str, ahead: int
) -> None:
    echoed = b64encode(f"{'x' * ahead}{secret} and more".encode()).decode()
    hidden = Redaction(key, secret).of_words(echoed)
    assert hidden.count("***") == 1
    assert len(hidden) <= len(echoed) - len(secret)


def test_a_short_secret_is_hidden_as_a_word_and_with_its_key() -> None:
    redaction = Redaction("k", "abc")
    token = b64encode(b"k:abc").decode()
    assert (
        redaction.of_words(f"abc, abcd, x-abc, 'abc' k:abc Basic {token}")
        == "***, abcd, x-abc, '***' *** Basic ***"
    )
    assert redaction.of_words("%61%62%63") == "***"


@pytest.mark.parametrize("identifier", ["cbggf4if6o9ukqaalfug", "abc", f"x-{b64encode(b'k:abc').decode()}"])
def test_an_id_is_left_alone_where_the_secret_is_short(identifier: str) -> None:
    assert Redaction("k", "abc").of_id(identifier) == identifier


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("cbggf4if6o9ukqaalfug", "cbggf4if6o9ukqaalfug"),
        ("2b4f8e7c9d1a3f5e", "***"),
        ("x2b4f8e7c9d1a3f5ey", "x***y"),
        ("a-2b4f8e7c9d1a3f5e", "a-***"),
        (b"2b4f8e7c9d1a3f5e".hex(), "***"),
        (b64encode(b"2b4f8e7c9d1a3f5e").decode(), "***"),
        ("", ""),
    ],
)
def test_ids(identifier: str, expected: str) -> None:
    assert Redaction("key", "2b4f8e7c9d1a3f5e").of_id(identifier) == expected


@given(
    secret=st.text("abcXYZ019-_+/", min_size=8, max_size=12),
    before=st.text("abcXYZ019-._", max_size=5),
    after=st.text("abcXYZ019-._", max_size=5),
    encode=st.sampled_from(
        [
            bytes.decode,
            bytes.hex,
            lambda text: text.hex().upper(),
            lambda text: text.hex("-"),
            lambda text: b64encode(text).decode(),
            lambda text: urlsafe_b64encode(text).decode(),
        ]
    ),
)
def test_an_id_is_read_as_words_are(
    secret: str, before: str, after: str, encode: Callable[[bytes], str]
) -> None:
    redaction = Redaction("key", secret)
    identifier = encode(f"{before}{secret}{after}".encode()).rstrip("=")
    assert redaction.of_id(identifier) == redaction.of_words(identifier) != identifier
    token = b64encode(f"key:{secret}".encode())
    assert redaction.of_id(encode(token)) == redaction.of_words(encode(token))
