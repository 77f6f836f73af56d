"""Whose account, and at which address: credentials and base URL."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from typing import NoReturn, Self
from urllib.parse import urlsplit

from wa_bulk.api.link import IS_LINK, why_no_link
from wa_bulk.api.loopback import is_loopback
from wa_bulk.arguments import text
from wa_bulk.send.redaction import Redaction

BASE_URL = "https://wa.api.engagelab.cc"
DEV_KEY_VARIABLE = "WA_BULK_DEV_KEY"
DEV_SECRET_VARIABLE = "WA_BULK_DEV_SECRET"
BASE_URL_VARIABLE = "WA_BULK_BASE_URL"

ALLOW_HTTP_VARIABLE = "WA_BULK_ALLOW_HTTP"

_MESSAGES_PATH = "/v1/messages"
_API_PATHS = ("/v1/messages", "/v1")


class Account:
    """An EngageLab account's key and secret, and the address of the API they are for.

    Keeps the secret to itself: it is in no repr, no str and no error, and cannot be pickled.
    """

    __slots__ = ("_secret", "base_url", "dev_key", "redact", "redaction")

    def __init__(
        self, dev_key: str, dev_secret: str, base_url: str = BASE_URL, *, allow_http: bool = False
    ) -> None:
        """Check that the credentials can be sent, and may be sent to `base_url`; raises ValueError otherwise.

        `allow_http` lets them go unencrypted to other machines, as WA_BULK_ALLOW_HTTP=1 does.
        """
        for name, value in (("key", dev_key), ("secret", dev_secret)):
            if not value or not text(f"dev_{name}", value).isascii() or not value.isprintable():
                raise ValueError(f"the dev {name} is empty or holds characters no EngageLab {name} has")
        if ":" in dev_key:
            raise ValueError(
                "the dev key holds a colon, which HTTP Basic authentication cannot carry (RFC 7617)"
            )
        self.base_url = checked_base_url(base_url, allow_http=allow_http)
        self.dev_key = dev_key
        self._secret = dev_secret
        self.redaction = Redaction(dev_key, dev_secret)
        """Hides the secret, in every form it could come back in, in what a server says."""
        self.redact = self.redaction.of_words

    @classmethod
    def from_env(cls, base_url: str | None = None) -> Self:
        """Return the account the environment names, at `base_url` or else the address named there.

        Raises ValueError as `credentials_from_env` and `Account` do.
        """
        return cls(*credentials_from_env(), base_url or base_url_from_env())

    @property
    def messages_url(self) -> str:
        """The address that messages are posted to."""
        return self.base_url + _MESSAGES_PATH

    def headers(self) -> Mapping[str, str]:
        """Return the request headers that name the account. Secret: for a transport, and nothing else."""
        token = b64encode(f"{self.dev_key}:{self._secret}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def __repr__(self) -> str:
        return f"Account(dev_key={self.dev_key!r}, dev_secret=***, base_url={self.base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an Account cannot be pickled or copied: it holds a secret. Make another from the same"
        )


def credentials_from_env() -> tuple[str, str]:
    """Return key and secret from WA_BULK_DEV_KEY and WA_BULK_DEV_SECRET.

    Raises ValueError naming the variables that are missing or empty.
    """
    key, secret = (os.environ.get(name, "").strip() for name in (DEV_KEY_VARIABLE, DEV_SECRET_VARIABLE))
    missing = [name for name, value in ((DEV_KEY_VARIABLE, key), (DEV_SECRET_VARIABLE, secret)) if not value]
    if missing:
        raise ValueError(
            f"no credentials: {' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set"
        )
    return key, secret


def base_url_from_env() -> str:
    """Return the API's address from WA_BULK_BASE_URL, or the vendor's own."""
    return os.environ.get(BASE_URL_VARIABLE, "").strip() or BASE_URL


def http_is_allowed() -> bool:
    """Return whether WA_BULK_ALLOW_HTTP=1 says that this is a test network. Raises ValueError for others."""
    value = os.environ.get(ALLOW_HTTP_VARIABLE, "").strip()
    if value not in ("", "0", "1"):
        raise ValueError(f"{ALLOW_HTTP_VARIABLE} is {value!r}; expected 1 (allowed) or 0")
    return value == "1"


def checked_base_url(url: str, *, allow_http: bool = False) -> str:
    """Return `url` without a trailing slash, if credentials may be sent there; raises ValueError otherwise.

    They may over https, over http to this machine, and over any http with `allow_http` or
    WA_BULK_ALLOW_HTTP=1.
    """
    if "@" in text("base_url", url):
        raise ValueError("the base URL holds a user name or password; give key and secret on their own")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"the base URL cannot be read ({error}); expected, say, {BASE_URL}") from None
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError(f"the base URL {url!r} is no http(s) address; expected, say, {BASE_URL}")
    if parts.query or parts.fragment:
        raise ValueError(f"the base URL {url!r} has a query or fragment; expected, say, {BASE_URL}")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise ValueError(f"the base URL {url!r} holds blanks, control or non-ASCII characters")
    if not IS_LINK.fullmatch(url):
        raise ValueError(f"the base URL {why_no_link(url)}; expected, say, {BASE_URL}")
    base_url = url.rstrip("/")
    for path in _API_PATHS:
        if parts.path.rstrip("/").lower().endswith(path):
            raise ValueError(
                f"the base URL {url!r} ends in {base_url[-len(path) :]}, which wa_bulk adds itself: "
                f"use {base_url[: -len(path)].rstrip('/')}"
            )
    if parts.scheme == "http" and not is_loopback(host) and not (allow_http or http_is_allowed()):
        raise ValueError(
            f"http:// would send credentials unencrypted to {host}; it is accepted for this machine only "
            f"(127.0.0.1, localhost). Use https://{parts.netloc}, or, on a network that is yours alone, set "
            f"{ALLOW_HTTP_VARIABLE}=1 (in Python: allow_http=True)"
        )
    return base_url
