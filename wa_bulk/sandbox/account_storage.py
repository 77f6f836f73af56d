"""The account's keys and templates in the store: kept across restarts where there is a file."""

from __future__ import annotations

import msgspec

from wa_bulk.sandbox.database import StoreError
from wa_bulk.sandbox.keys import AnyKey, Key, Keys, StoredKey, initial_keys
from wa_bulk.sandbox.settings import SandboxSettings
from wa_bulk.sandbox.store import Store
from wa_bulk.sandbox.templates import SandboxTemplate, Templates, initial_templates

_KEY, _TEMPLATE = "key", "template"


def load_keys(store: Store, settings: SandboxSettings) -> Keys:
    """Load the keys of an earlier run, or those of a new sandbox; the key of `settings` is always among them.

    Raises StoreError.
    """
    saved = store.load(_KEY)
    if saved is None:
        return Keys(initial_keys(settings.key, settings.secret))
    known = [_saved_key(row) for row in saved]
    keys = Keys([*known, Key(key=settings.key, secret=settings.secret)])
    if any(isinstance(key, Key) for key in known):  # saved by a version that did not hash secrets
        save_keys(store, keys)
    return keys


def save_keys(store: Store, keys: Keys) -> None:
    """Save the keys, their secrets hashed. Raises StoreError."""
    if store.durable:
        store.save(_KEY, {key.key: msgspec.json.encode(key.stored()) for key in keys})


def load_templates(store: Store, settings: SandboxSettings) -> Templates:
    """Load the templates of an earlier run, or those of a new sandbox. Raises StoreError."""
    saved = store.load(_TEMPLATE)
    if saved is None:
        return Templates(initial_templates(), settings.review)
    try:
        return Templates([msgspec.json.decode(row, type=SandboxTemplate) for row in saved], settings.review)
    except (msgspec.DecodeError, ValueError) as error:
        raise StoreError(f"{settings.db} is damaged: a template cannot be read: {error}") from None


def save_templates(store: Store, templates: Templates) -> None:
    """Save the templates. Raises StoreError."""
    if store.durable:
        store.save(_TEMPLATE, {row.id: msgspec.json.encode(row) for row in templates})


def _saved_key(row: bytes) -> AnyKey:
    try:
        return msgspec.json.decode(row, type=StoredKey)
    except msgspec.DecodeError:
        pass
    try:
        return msgspec.json.decode(row, type=Key)
    except msgspec.DecodeError as error:
        raise StoreError(f"the database is damaged: an API key cannot be read: {error}") from None
