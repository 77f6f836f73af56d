"""X-CALLBACK-ID: the header by which the vendor's products sign a callback.

`timestamp=…;nonce=…;username=…;signature=…`, the signature being hex HMAC-SHA256 of timestamp, nonce and
username under the account's secret. It does not cover the body: whoever has seen a header could send another
body with it while the timestamp is fresh, so a receiver with a store also remembers the nonces it has
answered (source: the vendor's page on callbacks of its other products; that of WhatsApp promises no header).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping

from wa_bulk.api.callbacks import MILLISECONDS_FROM

HEADER = "X-CALLBACK-ID"
SKEW_S = 300.0
"""How far the vendor's clock and ours may be apart, the way of the request included."""

_HEADER_MAX = 4096


def verify_signature(
    header: str | None, secret: str, *, now_s: float | None = None, skew_s: float = SKEW_S
) -> bool:
    """Return whether `header` was signed with `secret`, within `skew_s` seconds of `now_s` (the time now).

    Compares in constant time. An empty secret signs nothing: anybody knows it. Replayed nonces are told by a
    store only; see `receiver_app`.
    """
    return refusal(signature_parts(header), secret, now_s=now_s, skew_s=skew_s) is None


def refusal(
    parts: Mapping[str, str], secret: str, *, now_s: float | None = None, skew_s: float = SKEW_S
) -> str | None:
    """Return why a header of these values is refused, None where it is not."""
    if not secret:
        return "there is no secret to check the signature with"
    if not parts:
        return f"the header {HEADER} is missing"
    missing = [name for name in ("timestamp", "nonce", "username", "signature") if name not in parts]
    if missing:
        return f"the header {HEADER} has no {' and no '.join(missing)}"
    signed = f"{parts['timestamp']}{parts['nonce']}{parts['username']}".encode("utf-8", "surrogateescape")
    expected = hmac.digest(secret.encode(), signed, "sha256").hex().encode()
    given = parts["signature"].lower().encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(expected, given):
        return "the signature is not that of the secret"
    return _staleness(parts["timestamp"], time.time() if now_s is None else now_s, skew_s)


def signature_parts(header: str | None) -> dict[str, str]:
    """Return the header's values by their names; none where there is no header."""
    if not header:
        return {}
    pairs = (part.partition("=") for part in header[:_HEADER_MAX].split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _staleness(timestamp: str, now_s: float, skew_s: float) -> str | None:
    try:
        signed_at_s = float(timestamp)
    except ValueError:
        return "the timestamp of the signature is no number"
    if signed_at_s >= MILLISECONDS_FROM:
        signed_at_s /= 1000
    apart_s = now_s - signed_at_s
    if abs(apart_s) <= skew_s:
        return None
    direction = "behind" if apart_s > 0 else "ahead of"
    return (
        f"the signature's time is {abs(apart_s):,.0f} s {direction} this machine's clock "
        f"(at most {skew_s:g} s): is the clock right?"
    )
