"""The API keys the sandbox knows, and what each may do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from wa_bulk.sandbox.refusal import Refusal

DEFAULT_NUMBER = "+8613800138000"
"""The account's own number: what messages come from that name no `from`."""


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One API key.

    `state`: `disabled` keys get 2002, keys of a `refused` account 2003. `numbers`: the sending
    numbers it may use (E.164); none means all, anything else gets 2004.
    """

    key: str
    secret: str
    state: Literal["valid", "disabled", "refused"] = "valid"
    numbers: list[str] | None = None

    @property
    def default_number(self) -> str:
        return self.numbers[0] if self.numbers else DEFAULT_NUMBER

    def entry(self) -> KeyEntry:
        return KeyEntry(key=self.key, state=self.state, numbers=self.numbers)

    def allow_sender(self, number: str | None) -> None:
        """Raises Refusal 2004 when the key may not send from `number`."""
        if self.numbers is not None and number is not None and number not in self.numbers:
            raise Refusal(2004, f"this API key has no permission to send from {number}")


class KeyEntry(Struct, frozen=True, kw_only=True):
    """A key as it is listed: without its secret."""

    key: str
    state: Literal["valid", "disabled", "refused"]
    numbers: list[str] | None


class Keys:
    """The keys by their name, found in no time by the Authorization header they produce."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys: dict[str, Key] = {}
        self._by_header: dict[str, Key] = {}
        for key in keys:
            self.put(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(list(self._keys.values()))

    def put(self, key: Key) -> None:
        """Adds the key, or takes the place of the one of the same name."""
        self.remove(key.key)
        self._keys[key.key] = key
        self._by_header[_header(key)] = key

    def remove(self, name: str) -> bool:
        """Whether there was such a key."""
        key = self._keys.pop(name, None)
        if key is None:
            return False
        del self._by_header[_header(key)]
        return True

    def authenticate(self, header: str | None) -> Key:
        """The key that `header`, an Authorization header, stands for.

        Raises Refusal 2001 when there is none, 2002 when it is disabled, 2003 when its account is refused.
        """
        key = self._by_header.get(header or "") or self._search(header)
        if key.state == "disabled":
            raise Refusal(2002, "authentication failed: the API key has expired or was disabled")
        if key.state == "refused":
            raise Refusal(2003, "WhatsApp authentication failed, please contact customer service")
        return key

    def _search(self, header: str | None) -> Key:
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
        if key is None or key.secret != secret:
            raise Refusal(2001, "authentication failed: no such API key, or not its secret")
        return key


def _header(key: Key) -> str:
    return "Basic " + base64.b64encode(f"{key.key}:{key.secret}".encode()).decode()


def keys_from_the_start(name: str, secret: str) -> list[Key]:
    """The user's key, and one for each way in which a key can be refused."""
    return [
        Key(key="disabled", secret=secret, state="disabled"),
        Key(key="refused", secret=secret, state="refused"),
        Key(key="limited", secret=secret, numbers=[DEFAULT_NUMBER]),
        Key(key=name, secret=secret),
    ]
