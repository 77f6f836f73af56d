import pytest

from wa_bulk.api.loopback import is_loopback, is_loopback_url


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LocalHost.", True),
        ("api.localhost", True),
        ("a.b.localhost.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("mylocalhost", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://[::1]:8025", True),
        ("https://api.example", False),
        ("http://[::1", False),
        ("localhost", False),
    ],
)
def test_which_address_is_of_this_machine(url: str, expected: bool) -> None:
    assert is_loopback_url(url) is expected
