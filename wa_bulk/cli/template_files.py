"""The account's templates as files, for version control: the same account gives the same bytes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from wa_bulk.api.account_template import AccountTemplate

_STEM_MAX = 200
"""Bytes of a file's name, of which most systems allow 255."""

_in_order = msgspec.json.Encoder(order="deterministic").encode
"""The API may list the same thing in another order tomorrow."""


class Pulled(Struct):
    """What `pull` did with the files of a folder; `stale` have no template in the account any more."""

    new: list[str] = []
    changed: list[str] = []
    unchanged: int = 0
    stale: list[str] = []


def pull(templates: Iterable[AccountTemplate], folder: Path) -> Pulled:
    """Write each template to a file of its own in `folder`; files that need no change are left alone.

    A file holds what `create` and `update` take: name, language, category and components. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = {path.name for path in folder.glob("*.json")}
    pulled = Pulled()
    taken: set[str] = set()
    for template in sorted(templates, key=lambda one: (one.name, one.language, one.id)):
        name = _file_name(template, taken)
        taken.add(name.casefold())
        path = folder / name
        content = _content(template)
        if name not in before:
            pulled.new.append(name)
        elif path.read_bytes() != content:
            pulled.changed.append(name)
        else:
            pulled.unchanged += 1
            continue
        _replace(path, content)
    pulled.stale = sorted(name for name in before if name.casefold() not in taken)
    return pulled


def _content(template: AccountTemplate) -> bytes:
    definition = {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "components": msgspec.Raw(_in_order(template.raw.get("components", []))),
    }
    return msgspec.json.format(msgspec.json.encode(definition), indent=2) + b"\n"


def _file_name(template: AccountTemplate, taken: set[str]) -> str:
    """Return a name that every file system takes and that no other template has: `order_update.en.json`."""
    stem = f"{_safe(template.name)}.{_safe(template.language)}"
    if len(stem) > _STEM_MAX or f"{stem}.json".casefold() in taken:
        whole = f"{template.name}\n{template.language}\n{template.id}"
        stem = f"{stem[:_STEM_MAX]}-{hashlib.sha256(whole.encode()).hexdigest()[:12]}"
    return f"{stem}.json"


def _safe(text: str) -> str:
    """Spell out every character that a path or a shell could take for something else."""
    return re.sub(
        r"[^A-Za-z0-9_-]",
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass")),
        text,
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
