"""The API keys the sandbox knows, and what each may do."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from wa_bulk.sandbox.refusal import Refusal

DEFAULT_NUMBER = "+8613800138000"
"""The account's own number: messages without `from` are sent from it."""

_SALT_BYTES = 16


class KeyEntry(Struct, frozen=True, kw_only=True):
    """A key as it is listed: without its secret.

    `state`: `disabled` keys get 2002, keys of a `refused` account 2003. `numbers`: the sending
    numbers it may use (E.164), where another one gets 2004; null allows all.
    """

    key: str
    state: Literal["valid", "disabled", "refused"] = "valid"
    numbers: list[str] | None = None

    @property
    def default_number(self) -> str:
        """The number that messages without `from` are sent from."""
        return self.numbers[0] if self.numbers else DEFAULT_NUMBER

    def entry(self) -> KeyEntry:
        """Return the key without its secret."""
        return KeyEntry(key=self.key, state=self.state, numbers=self.numbers)

    def allow_sender(self, number: str | None) -> None:
        """Raise Refusal 2004 when the key may not send from `number`."""
        if self.numbers is not None and number is not None and number not in self.numbers:
            raise Refusal(2004, f"this API key has no permission to send from {number}")


class Key(KeyEntry, frozen=True, kw_only=True, omit_defaults=True):
    """An API key with its secret, as it is added."""

    secret: str

    def has_secret(self, secret: str) -> bool:
        """Return whether `secret` is its secret."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())

    def stored(self) -> StoredKey:
        """Return the key as it may be written down."""
        digest = _digest(self.secret, secrets.token_bytes(_SALT_BYTES))
        return StoredKey(key=self.key, state=self.state, numbers=self.numbers, digest=digest)


class StoredKey(KeyEntry, frozen=True, kw_only=True):
    """An API key as it is in a database: its secret salted and hashed."""

    digest: str

    def has_secret(self, secret: str) -> bool:
        """Return whether `secret` is its secret. Takes some milliseconds, on purpose."""
        salt = bytes.fromhex(self.digest[: 2 * _SALT_BYTES])
        return hmac.compare_digest(_digest(secret, salt), self.digest)

    def stored(self) -> StoredKey:
        """Return the key as it may be written down."""
        return self


AnyKey = Key | StoredKey


def _digest(secret: str, salt: bytes) -> str:
    return salt.hex() + hashlib.scrypt(secret.encode(), salt=salt, n=2**12, r=8, p=1).hex()


class Keys:
    """The keys by name, and by the Authorization headers that were found to be right."""

    def __init__(self, keys: Iterable[AnyKey] = ()) -> None:
        self._keys: dict[str, AnyKey] = {}
        self._by_header: dict[str, AnyKey] = {}
        for key in keys:
            self.put(key)

    def __iter__(self) -> Iterator[AnyKey]:
        return iter(list(self._keys.values()))

    def put(self, key: AnyKey) -> None:
        """Add the key, in place of any of the same name."""
        self.remove(key.key)
        self._keys[key.key] = key
        if isinstance(key, Key):
            self._by_header[_header(key)] = key

    def remove(self, name: str) -> bool:
        """Remove a key; returns whether there was one of that name."""
        key = self._keys.pop(name, None)
        if key is None:
            return False
        self._by_header = {header: other for header, other in self._by_header.items() if other is not key}
        return True

    def authenticate(self, header: str | None) -> AnyKey:
        """Return the key that `header`, an Authorization header, names.

        Raises Refusal 2001 when there is none, 2002 when it is disabled, 2003 when its account is refused.
        """
        key = self._by_header.get(header or "") or self._search(header)
        if key.state == "disabled":
            raise Refusal(2002, "authentication failed: the API key has expired or was disabled")
        if key.state == "refused":
            raise Refusal(2003, "WhatsApp authentication failed, please contact customer service")
        return key

    def _search(self, header: str | None) -> AnyKey:
        if header is None:
            raise Refusal(2001, "authentication failed: the Authorization header is missing")
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() != "basic":
            raise Refusal(2001, "authentication failed: the Authorization header is not of the form Basic …")
        try:
            name, _, secret = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Refusal(
                2001,
                "authentication failed: the Authorization header does not hold base64(dev_key:dev_secret)",
            ) from None
        key = self._keys.get(name)
        if key is None or not key.has_secret(secret):
            raise Refusal(2001, "authentication failed: no such API key, or not its secret")
        if isinstance(key, StoredKey):
            self._by_header[header] = key
        return key


def _header(key: Key) -> str:
    return "Basic " + base64.b64encode(f"{key.key}:{key.secret}".encode()).decode()


def initial_keys(name: str, secret: str) -> list[Key]:
    """Return the user's key, and one for each way in which a key can be refused."""
    return [
        Key(key="disabled", secret=secret, state="disabled"),
        Key(key="refused", secret=secret, state="refused"),
        Key(key="limited", secret=secret, numbers=[DEFAULT_NUMBER]),
        Key(key=name, secret=secret),
    ]
