"""Bounds that both transports keep."""

MAX_HEAD = 64 * 1024  # bytes of a reply's status line and headers
MAX_HEADERS = 4096  # in one reply
MAX_REPLY = 1024 * 1024  # bytes of a reply; the API's are a few hundred
IDLE_MAX = 15.0  # seconds an unused connection is kept; servers and load balancers keep 60 to 75
EYEBALLS_DELAY = 0.25  # seconds before the next address is tried beside the last one (RFC 8305)

# After these a retry needs another connection: the server is about to close this one (RFC 9110, 15.5.9), it
# leads to the wrong server (15.5.20), or it carries data too early (RFC 8470).
NEW_CONNECTION_AFTER = frozenset({408, 421, 425})
