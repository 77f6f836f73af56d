"""Every default of sending, once. Rates in messages/s, times in seconds."""

RATE = 80.0
"""For each sending number: WhatsApp's own limit for one (Meta)."""
CONCURRENCY = 64
"""Requests in flight, and connections."""
TIMEOUT = 30.0
"""For one request, until its reply is complete."""
CONNECT_TIMEOUT = 10.0
"""For the making of one connection: name lookup, tunnel and TLS included."""
TRIES = 5
"""Requests for one message, as long as each was provably not taken."""
RETRY_TOTAL = 120.0
"""From the first failed try; no try begins later than that."""
RETRY_WAIT_INITIAL = 0.5
RETRY_WAIT_MAX = 30.0
MAX_RECIPIENTS = 1
"""In the `to` of one request."""
