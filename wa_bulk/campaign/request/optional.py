"""`{column?}`: what a message is without the keys and tables that hold nothing but an empty column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from wa_bulk.api import Message, ValidationError
from wa_bulk.api.rules import RELATIONS, structs_in
from wa_bulk.campaign.request.placeholder import Column, split

_GONE = object()


def optional_columns(message: Mapping[str, object], header: Collection[str]) -> list[str]:
    """Return the names of the columns that a message has as `{column?}`, in order, each once.

    Raises ValueError for a string that `split` refuses.
    """
    return list(dict.fromkeys(place.name for place in _places(message, header) if place.optional))


class Pruned(NamedTuple):
    """A campaign's message without what is left out; `shortened` are the lists that lost some items only."""

    message: dict[str, object]
    shortened: list[str]


def without(message: Mapping[str, object], names: Collection[str], header: Collection[str]) -> Pruned:
    """Return a campaign's message as it is where the cells of these optional columns are empty.

    A key or an item of a list whose only placeholder is such a column is left out; and so is the table or
    list around it, where that cannot stand without it and holds no other column. Raises ValidationError where
    it does hold one.
    """
    empty = _Empty(names, header)
    pruned = _pruned(message, Message, "", empty)
    if pruned is _GONE:
        raise ValidationError("to", "is optional", "expected the column of the number, without a ?")
    return Pruned(pruned, empty.shortened)


def struct_for(table: Mapping[str, Any], annotation: Any) -> type[Struct] | None:
    """Return the struct that `table` is meant to be, told by its tag where there are several."""
    kinds = structs_in(annotation)
    for kind in kinds:
        config = kind.__struct_config__
        if config.tag_field is None or table.get(config.tag_field) == config.tag:
            return kind
    return None


class _Empty:
    """The optional columns whose cells are empty, of the columns in `header`."""

    def __init__(self, names: Collection[str], header: Collection[str]) -> None:
        self.names = names
        self.header = header
        self.shortened: list[str] = []
        self.path = ""
        """Of the string that was found empty last."""

    def leave_out(self, value: object, path: str) -> object:
        """Return `_GONE`, unless another column than these is in `value`: ValidationError."""
        for place in _places(value, self.header):
            if place.name not in self.names:
                name = next(iter(self.names))
                raise ValidationError(
                    path or self.path,
                    f"cannot be left out where {name} is empty, since "
                    + ("it" if path else "the message would be left out with it, which")
                    + f" holds {{{place.name}}} too",
                    f"expected {{{name}|…}}, with what stands for it there",
                )
        return _GONE


def _pruned(value: Any, annotation: Any, path: str, empty: _Empty) -> Any:
    if isinstance(value, str):
        places = _places(value, empty.header)
        is_empty = any(place.optional and place.name in empty.names for place in places)
        if not is_empty:
            return value
        empty.path = path
        return empty.leave_out(value, path)
    if isinstance(value, list):
        items = [_pruned(item, annotation, f"{path}[{i}]", empty) for i, item in enumerate(value)]
        kept = [item for item in items if item is not _GONE]
        if 0 < len(kept) < len(items):
            empty.shortened.append(path)
        return _GONE if items and not kept else kept
    if isinstance(value, dict):
        kind = struct_for(value, annotation)
        types = {} if kind is None else {info.encode_name: info.type for info in msgspec.structs.fields(kind)}
        items_of = {
            key: _pruned(item, types.get(key, object), f"{path}.{key}" if path else key, empty)
            for key, item in value.items()
        }
        table = {key: item for key, item in items_of.items() if item is not _GONE}
        if len(table) < len(value) and not _stands(kind, table):
            return empty.leave_out(value, path)
        return table
    return value


def _stands(kind: type[Struct] | None, table: Mapping[str, Any]) -> bool:
    """Return whether `table` has what its struct needs: required keys, and the media or moments that
    are one of several keys."""
    if kind is None:
        return bool(table)
    fields = msgspec.structs.fields(kind)
    if any(info.required and info.encode_name not in table for info in fields):
        return False
    if kind not in RELATIONS or any(isinstance(item, dict | list) for item in table.values()):
        return True
    try:
        RELATIONS[kind](kind(**{info.name: table.get(info.encode_name) for info in fields}))
    except ValidationError as error:
        return bool(error.field)
    return True


def _places(value: object, header: Collection[str]) -> Sequence[Column]:
    if isinstance(value, str):
        return [piece for piece in split(value, header) if isinstance(piece, Column)]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [place for part in parts for place in _places(part, header)]
