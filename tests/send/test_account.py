"""Credentials go where they may, and are shown nowhere."""

import copy
import pickle
import traceback
from base64 import b64encode
from collections.abc import Callable

import pytest

from wa_bulk.send.account import BASE_URL, Account

SECRET = "2b4f8e7c9d1a3f5e"


def test_the_header_is_basic_authentication() -> None:
    token = b64encode(f"key:{SECRET}".encode()).decode()
    assert Account("key", SECRET).headers() == {"Authorization": f"Basic {token}"}


@pytest.mark.parametrize(
    ("base_url", "messages_url"),
    [
        ("https://wa.api.engagelab.cc", "https://wa.api.engagelab.cc/v1/messages"),
        ("https://wa.api.engagelab.cc/", "https://wa.api.engagelab.cc/v1/messages"),
        ("https://proxy.example:8443/whatsapp/", "https://proxy.example:8443/whatsapp/v1/messages"),
        ("HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM/v1/messages"),
        ("http://127.0.0.1:8025", "http://127.0.0.1:8025/v1/messages"),
        ("http://127.9.9.9", "http://127.9.9.9/v1/messages"),
        ("http://localhost:8025", "http://localhost:8025/v1/messages"),
        ("http://api.localhost:8025", "http://api.localhost:8025/v1/messages"),
        ("https://host/v10", "https://host/v10/v1/messages"),
        ("https://host/my-v1", "https://host/my-v1/v1/messages"),
        ("http://[::1]:8025", "http://[::1]:8025/v1/messages"),
    ],
)
def test_where_credentials_may_go(base_url: str, messages_url: str) -> None:
    assert Account("key", SECRET, base_url).messages_url == messages_url


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("http://wa.api.engagelab.cc", "unencrypted"),
        ("http://10.0.0.1", "unencrypted"),
        ("http://localhost.example.com", "unencrypted"),
        ("http://127.0.0.1.example.com", "unencrypted"),
        ("http://0.0.0.0", "unencrypted"),
        ("http://[::ffff:10.0.0.1]", "unencrypted"),
        ("http://2130706433.example", "unencrypted"),
        (f"https://key:{SECRET}@wa.api.engagelab.cc", "user name or password"),
        (f"https://key:{SECRET}@[", "user name or password"),
        ("http://127.0.0.1@evil.example", "user name or password"),
        ("ftp://wa.api.engagelab.cc", "no http"),
        ("wa.api.engagelab.cc", "no http"),
        ("", "no http"),
        ("https://", "no http"),
        ("https://host:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://host/?a=b", "query or fragment"),
        ("https://host/#a", "query or fragment"),
        ("https://ho st", "blanks"),
        ("https://höst", "non-ASCII"),
        ("https://wa.api..engagelab.cc", "'wa.api..engagelab.cc', which is neither a name nor an address"),
        ("https://wa.api.engagelab,cc", "neither a name nor an address"),
        (f"https://{'a' * 64}.example", "neither a name nor an address"),
        ("https://256.1.1.1", "neither a name nor an address"),
    ],
)
def test_where_they_may_not(base_url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Account("key", SECRET, base_url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("", SECRET),
        ("key", ""),
        ("ke:y", SECRET),
        ("kéy", SECRET),
        ("key", f"{SECRET}\n"),
        ("key", f"{SECRET}\r\nX: y"),
    ],
)
def test_credentials_that_cannot_be_sent(key: str, secret: str) -> None:
    with pytest.raises(ValueError, match="the dev") as caught:
        Account(key, secret)
    assert SECRET not in str(caught.value)


def test_nothing_shows_the_secret() -> None:
    account = Account("key", SECRET)
    token = b64encode(f"key:{SECRET}".encode()).decode()
    for text in (repr(account), str(account), f"{account}", repr([account])):
        assert SECRET not in text
        assert token not in text
    assert account.redact(f"bad header: Basic {token} ({SECRET})") == "bad header: Basic *** (***)"


def test_an_id_stays_what_it_is_where_the_secret_is_short() -> None:
    account = Account("sandbox", "sandbox")
    assert account.redact("the sandbox is full") == "the *** is full"
    assert account.redaction.of_id("sandbox-1") == "sandbox-1"
    assert Account("key", SECRET).redaction.of_id(f"a{SECRET}b") == "a***b"


@pytest.mark.parametrize("copy", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_account_is_not_copied(copy: Callable[[Account], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        copy(Account("key", SECRET))


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("https://wa.api.engagelab.cc/v1", "ends in /v1, .* use https://wa.api.engagelab.cc$"),
        ("https://wa.api.engagelab.cc/v1/", "use https://wa.api.engagelab.cc$"),
        (
            "https://wa.api.engagelab.cc/v1/messages",
            "ends in /v1/messages, .* use https://wa.api.engagelab.cc$",
        ),
        ("https://wa.api.engagelab.cc/V1/Messages/", "use https://wa.api.engagelab.cc$"),
        ("https://proxy.example:8443/whatsapp/v1", "use https://proxy.example:8443/whatsapp$"),
        ("http://127.0.0.1:8025/v1/messages", "use http://127.0.0.1:8025$"),
    ],
)
def test_an_address_that_ends_in_the_endpoints_path(base_url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Account("key", SECRET, base_url)


def test_http_beyond_this_machine_has_to_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WA_BULK_ALLOW_HTTP", raising=False)
    with pytest.raises(ValueError, match=r"set WA_BULK_ALLOW_HTTP=1 \(in Python: allow_http=True\)"):
        Account("key", SECRET, "http://sandbox:8025")
    assert Account("key", SECRET, "http://sandbox:8025", allow_http=True).base_url == "http://sandbox:8025"
    monkeypatch.setenv("WA_BULK_ALLOW_HTTP", "0")
    with pytest.raises(ValueError, match="unencrypted"):
        Account("key", SECRET, "http://sandbox:8025")
    monkeypatch.setenv("WA_BULK_ALLOW_HTTP", "1")
    assert Account("key", SECRET, "http://sandbox:8025").base_url == "http://sandbox:8025"
    monkeypatch.setenv("WA_BULK_ALLOW_HTTP", "yes")
    with pytest.raises(ValueError, match="WA_BULK_ALLOW_HTTP is 'yes'; expected 1"):
        Account("key", SECRET, "http://sandbox:8025")


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WA_BULK_BASE_URL", raising=False)
    monkeypatch.setenv("WA_BULK_DEV_KEY", "key")
    monkeypatch.setenv("WA_BULK_DEV_SECRET", f" {SECRET}\n")
    assert Account.from_env().base_url == BASE_URL
    assert Account.from_env().headers() == Account("key", SECRET).headers()
    monkeypatch.setenv("WA_BULK_BASE_URL", "http://127.0.0.1:8025")
    assert Account.from_env().base_url == "http://127.0.0.1:8025"
    assert Account.from_env("http://127.0.0.1:1").base_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "WA_BULK_DEV_KEY and WA_BULK_DEV_SECRET are not set"),
        ({"WA_BULK_DEV_KEY": "key"}, "WA_BULK_DEV_SECRET is not set"),
        ({"WA_BULK_DEV_KEY": " ", "WA_BULK_DEV_SECRET": SECRET}, "WA_BULK_DEV_KEY is not set"),
    ],
)
def test_what_the_environment_lacks_is_named(
    given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WA_BULK_DEV_KEY", "WA_BULK_DEV_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=words):
        Account.from_env()
