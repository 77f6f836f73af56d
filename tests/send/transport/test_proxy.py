import pytest

from wa_bulk.send.transport.proxy import checked_proxy, proxy_for, proxy_from_environment
from wa_bulk.send.transport.request import endpoint

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("proxy:3128", "http://proxy:3128"),
        (" me:p%40ss@proxy:3128 ", "http://me:p%40ss@proxy:3128"),
        ("https://proxy", "https://proxy"),
        ("http://me:p@ss@proxy:3128", "http://me:p@ss@proxy:3128"),
        ("http://[::1]:3128/", "http://[::1]:3128/"),
    ],
)
def test_proxies_that_can_be_used(url: str, expected: str) -> None:
    assert checked_proxy(url, "the argument proxy") == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "socks5://me:hidden@p:1",
            "is a socks5:// proxy, which wa_bulk cannot use: expected http://host:port",
        ),
        ("socks4://p", "is a socks4:// proxy"),
        ("ftp://p", "is a ftp:// proxy"),
        ("http://me:hidden@", "is not the URL of a proxy"),
        ("http://me:hidden@p:x", "cannot be read as a URL"),
        ("me:hidden@[::1", "cannot be read as a URL"),
        ("http://me:hidden@p/path", "is not the URL of a proxy"),
        ("http://me:hidden@p:1?a", "is not the URL of a proxy"),
        ("http://me:hid den@p:1", "holds blanks"),
        ("", "is not the URL of a proxy"),
        ("http://me:hidden@proxy..example:1", "has no host that could be one"),
    ],
)
def test_proxies_that_cannot(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^HTTPS_PROXY {words}") as caught:
        checked_proxy(url, "HTTPS_PROXY")
    assert "hid" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_which_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    target = endpoint("https://api.example/")
    assert proxy_from_environment(target) is None
    monkeypatch.setenv("ALL_PROXY", "socks5://a:1")
    with pytest.raises(ValueError, match=r"^ALL_PROXY is a socks5:"):
        proxy_from_environment(target)
    monkeypatch.setenv("HTTPS_PROXY", "b:2")
    assert proxy_from_environment(target) == "http://b:2"
    monkeypatch.setenv("https_proxy", "c:3")
    assert proxy_from_environment(target) == "http://c:3"
    monkeypatch.setenv("NO_PROXY", "api.example")
    assert proxy_from_environment(target) is None


@pytest.mark.parametrize(
    ("entries", "url", "is_exempt"),
    [
        ("*", "https://api.example/", True),
        ("localhost *", "https://api.example/", True),
        ("*.example", "https://api.example/", True),
        (".api.example", "https://api.example/", True),
        ("API.Example.", "https://api.example/", True),
        ("other.example api.example", "https://api.example/", True),
        ("other.example; api.example:443", "https://api.example/", True),
        ("api.example:80", "https://api.example/", False),
        ("i.example", "https://api.example/", False),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("[fd00::1]:8025", "http://[fd00::1]:8025/", True),
        ("fd00::/8", "http://[fd00::1]:8025/", True),
        ("[fd00::1]:1", "http://[fd00::1]:8025/", False),
        (".", "https://api.example/", False),
        ("", "https://api.example/", False),
    ],
)
def test_what_goes_without_a_proxy(
    entries: str, url: str, is_exempt: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://p:1")
    monkeypatch.setenv("NO_PROXY", entries)
    assert (proxy_from_environment(endpoint(url)) is None) == is_exempt


def test_a_proxy_that_is_given_counts_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://of-the-environment:1")
    target = endpoint("https://wa.api.engagelab.cc/v1/messages")
    for with_session in (False, True):
        assert proxy_for(target, "given:2", with_session=with_session) == "http://given:2"
    assert proxy_for(target, None, with_session=False) == "http://of-the-environment:1"
    assert proxy_for(target, None, with_session=True) is None
