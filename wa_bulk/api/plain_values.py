"""Values as what they are: a template engine's safe string is text, an IntEnum's member a whole number.

Subclasses of str, int, float, list and dict are taken for the value they hold, whatever their own methods
say, and so are whole numbers of other types, such as numpy's. A bool stays a bool.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from types import NoneType
from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", bound=Struct)


def plain(value: object) -> object:
    """Return `value` as the plain str, int, float, list or dict that it is, not looking inside.

    Raises TypeError for anything else.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def with_plain_values(struct: T) -> T:
    """Return `struct` with every text and number in it of the exact type; itself where all are.

    Free-form objects, such as `custom_args`, are left to the encoder.
    """
    changed: dict[str, object] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        exact = _exact(value)
        if exact is not value:
            changed[name] = exact
    return msgspec.structs.replace(struct, **changed) if changed else struct


def _exact(value: object) -> object:
    if isinstance(value, Struct):
        return with_plain_values(value)
    if isinstance(value, (list, tuple)):
        items = [_exact(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if type(value) not in (str, int, bool, NoneType) and isinstance(value, (str, Integral)):
        return plain(value)
    return value
