"""What counts as this machine."""

import ipaddress


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
