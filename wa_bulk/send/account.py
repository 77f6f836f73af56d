"""Whose account, and at which address: credentials and base URL."""

from __future__ import annotations

import ipaddress
import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

BASE_URL = "https://wa.api.engagelab.cc"
DEV_KEY_VARIABLE = "WA_BULK_DEV_KEY"
DEV_SECRET_VARIABLE = "WA_BULK_DEV_SECRET"
BASE_URL_VARIABLE = "WA_BULK_BASE_URL"

_MESSAGES_PATH = "/v1/messages"
_HIDDEN = "***"


class Account:
    """An EngageLab account's key and secret, and the address of the API they are for.

    Keeps the secret to itself: it is in no repr, no str and no error.
    """

    __slots__ = ("_secret", "base_url", "dev_key")

    def __init__(self, dev_key: str, dev_secret: str, base_url: str = BASE_URL) -> None:
        """Raises ValueError if a credential is missing or unusable, or may not be sent to `base_url`."""
        for name, value in (("key", dev_key), ("secret", dev_secret)):
            if not value or not value.isascii() or not value.isprintable():
                raise ValueError(f"the dev {name} is empty or holds characters no EngageLab {name} has")
        if ":" in dev_key:
            raise ValueError(
                "the dev key holds a colon, which HTTP Basic authentication cannot carry (RFC 7617)"
            )
        self.base_url = checked_base_url(base_url)
        self.dev_key = dev_key
        self._secret = dev_secret

    @classmethod
    def from_env(cls, base_url: str | None = None) -> Self:
        """The account the environment names, at `base_url` or else the address named there.

        Raises ValueError as the functions `credentials_from_env` and `base_url_from_env` do.
        """
        return cls(*credentials_from_env(), base_url or base_url_from_env())

    @property
    def messages_url(self) -> str:
        """Where messages are posted to."""
        return self.base_url + _MESSAGES_PATH

    def headers(self) -> Mapping[str, str]:
        """The request headers that name the account. Secret: for a transport, and nothing else."""
        return {"Authorization": f"Basic {self._token()}"}

    def redact(self, text: str) -> str:
        """`text` with the secret hidden in every form it travels in, should a server echo it."""
        text = text.replace(self._token(), _HIDDEN)
        # Shorter than any real secret, such as the sandbox's, it may be a plain word of the text.
        return text.replace(self._secret, _HIDDEN) if len(self._secret) >= 8 else text

    def _token(self) -> str:
        return b64encode(f"{self.dev_key}:{self._secret}".encode()).decode()

    def __repr__(self) -> str:
        return f"Account(dev_key={self.dev_key!r}, dev_secret={_HIDDEN}, base_url={self.base_url!r})"


def credentials_from_env() -> tuple[str, str]:
    """Key and secret from WA_BULK_DEV_KEY and WA_BULK_DEV_SECRET.

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
    """The API's address from WA_BULK_BASE_URL, or the vendor's own."""
    return os.environ.get(BASE_URL_VARIABLE, "").strip() or BASE_URL


def checked_base_url(url: str) -> str:
    """`url` without a trailing slash, if credentials may be sent there: https, or http to this machine.

    Raises ValueError otherwise.
    """
    if "@" in url:
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
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(
            f"http:// would send credentials unencrypted to {host}; it is accepted for this machine only "
            f"(127.0.0.1, localhost). Use https://{parts.netloc}"
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address without brackets) is certainly this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
