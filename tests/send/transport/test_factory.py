import aiohttp
import pytest

from wa_bulk.send.transport import make_transport

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def chosen(kind: str, url: str = "https://api.example/", **options: object) -> str:
    transport = make_transport(kind, url, {}, connections=1, timeout=1.0, **options)  # type: ignore[arg-type]
    return transport.name


async def test_lean_unless_something_needs_aiohttp() -> None:
    assert chosen("auto") == "lean"
    assert chosen("auto", proxy="http://proxy.example:3128") == "aiohttp"
    async with aiohttp.ClientSession() as session:
        assert chosen("auto", session=session) == "aiohttp"
    assert chosen("lean") == "lean"
    assert chosen("aiohttp") == "aiohttp"


@pytest.mark.parametrize(
    ("environment", "url", "name"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.example/", "aiohttp"),
        ({"https_proxy": "http://p:1"}, "https://api.example/", "aiohttp"),
        ({"ALL_PROXY": "http://p:1"}, "https://api.example/", "aiohttp"),
        ({"HTTP_PROXY": "http://p:1"}, "https://api.example/", "lean"),
        ({"HTTPS_PROXY": ""}, "https://api.example/", "lean"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "api.example"}, "https://api.example/", "lean"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.example"}, "https://api.example/", "aiohttp"),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:8025/", "lean"),
        ({"HTTP_PROXY": "http://p:1"}, "http://[::1]:8025/", "lean"),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:8025/", "lean"),
        ({"HTTP_PROXY": "http://p:1"}, "http://api.localhost:8025/", "lean"),
        ({"HTTPS_PROXY": "host:3128"}, "https://api.example/", "aiohttp"),
    ],
)
def test_proxies_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, name: str
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert chosen("auto", url) == name
    assert chosen("lean", url) == "lean"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HTTPS_PROXY": "socks5://p:1"}, "^HTTPS_PROXY is a socks5:// proxy"),
        ({"https_proxy": "socks5://p:1"}, "^https_proxy is a socks5:// proxy"),
        ({"ALL_PROXY": "socks4a://me:hidden@p:1"}, "^ALL_PROXY is a socks4a:// proxy"),
        ({"all_proxy": "http://p:port"}, "^all_proxy cannot be read"),
        ({"HTTPS_PROXY": "http://"}, "^HTTPS_PROXY is not the URL of a proxy"),
    ],
)
def test_a_proxy_of_the_environment_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=words) as caught:
        chosen("auto")
    assert "hidden" not in str(caught.value)
    assert chosen("lean") == "lean"
    assert chosen("auto", "http://127.0.0.1:1/") == "lean"


def test_a_proxy_that_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="the argument proxy is a socks5:// proxy") as caught:
        chosen("auto", proxy="socks5://me:hidden@p:1")
    assert "hidden" not in str(caught.value)


def test_lean_takes_no_proxy() -> None:
    with pytest.raises(ValueError, match="neither a session nor a proxy"):
        chosen("lean", proxy="http://p:1")
