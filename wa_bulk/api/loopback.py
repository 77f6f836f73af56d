"""This machine as a server: what counts as it, and where it is found."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether `host` (a name or an address without brackets) is certainly this machine.

    Names that end in .localhost are (RFC 6761, 6.3), and our transports never look them up elsewhere.
    """
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Return whether an address is one of this machine's: a sandbox, nobody's phone.

    One that cannot be read is not.
    """
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def http_address(host: str, port: int) -> str:
    """Return the URL of a server here, without a path; an IPv6 `host` has no brackets."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
