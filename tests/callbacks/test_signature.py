from __future__ import annotations

import hmac
from secrets import token_hex

import pytest

from wa_bulk.callbacks import HEADER, verify_signature
from wa_bulk.callbacks.signature import SKEW_S, refusal, signature_parts
from wa_bulk.sandbox.callbacks import signature_header

SECRET = "a secret of the account"
NOW_S = 1_795_000_000.0


def header(**changes: str) -> str:
    """Return a header that is right, but for `changes`, which are signed too."""
    parts = {"timestamp": f"{NOW_S:.0f}", "nonce": "5cd3", "username": "wa", **changes}
    signed = f"{parts['timestamp']}{parts['nonce']}{parts['username']}".encode()
    signature = hmac.digest(SECRET.encode(), signed, "sha256").hex()
    return ";".join([*(f"{name}={value}" for name, value in parts.items()), f"signature={signature}"])


def verified(text: str | None, secret: str = SECRET, now_s: float = NOW_S) -> bool:
    return verify_signature(text, secret, now_s=now_s)


def test_what_the_sandbox_signs_is_taken() -> None:
    assert verify_signature(
        signature_header(SECRET, "sandbox", int(NOW_S), token_hex(8)), SECRET, now_s=NOW_S
    )


@pytest.mark.parametrize(
    "changed",
    [
        header()
        .upper()
        .replace("TIMESTAMP", "timestamp")
        .replace("NONCE", "nonce")
        .replace("USERNAME=WA", "username=wa")
        .replace("5CD3", "5cd3"),
        header().replace(";", " ; "),
        ";".join(reversed(header().split(";"))),
        header(timestamp="1795000000000"),
        header(username=""),
        header(username="näme"),
    ],
)
def test_forms_that_mean_the_same_are_taken(changed: str) -> None:
    assert verified(changed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, f"{HEADER} is missing"),
        ("", f"{HEADER} is missing"),
        ("nonsense", "no timestamp"),
        (header().replace("nonce=5cd3;", ""), "no nonce"),
        (header().rpartition(";")[0], "no signature"),
        (header().replace("nonce=5cd3", "nonce=5cd4"), "not that of the secret"),
        (header().replace("username=wa", "username=wb"), "not that of the secret"),
        (header()[:-1], "not that of the secret"),
        (header() + "é\udce9", "not that of the secret"),
        (header(timestamp="soon"), "no number"),
        (header(timestamp="nan"), "clock"),
        (header(timestamp="inf"), "clock"),
        ("timestamp=" + "1" * 100_000, "no nonce"),
    ],
)
def test_what_is_refused_is_told_why(text: str | None, why: str) -> None:
    assert not verified(text)
    reason = refusal(signature_parts(text), SECRET, now_s=NOW_S)
    assert reason is not None
    assert why in reason


def test_another_secret_signs_nothing() -> None:
    assert not verified(header(), secret="another")


def test_an_empty_secret_signs_nothing_though_anybody_could_sign_with_it() -> None:
    signed = hmac.digest(b"", f"{NOW_S:.0f}5cd3wa".encode(), "sha256").hex()
    text = f"timestamp={NOW_S:.0f};nonce=5cd3;username=wa;signature={signed}"
    assert not verified(text, secret="")


@pytest.mark.parametrize(
    ("apart_s", "taken"), [(SKEW_S, True), (-SKEW_S, True), (SKEW_S + 1, False), (-SKEW_S - 1, False)]
)
def test_clocks_may_be_a_little_apart(apart_s: float, taken: bool) -> None:
    assert verified(header(), now_s=NOW_S + apart_s) == taken


def test_the_time_is_now_unless_given() -> None:
    assert not verify_signature(header(timestamp="1000000000"), SECRET)
