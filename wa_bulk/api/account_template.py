"""A template as the account lists it, read leniently: the vendor adds fields, statuses and components."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from wa_bulk.api.template_definition import ComponentDefinition


class OtherComponent(Struct, frozen=True):
    """A component that this version has no struct for, as it came."""

    type: str
    fields: dict[str, object]


class AccountTemplate(Struct, frozen=True):
    """A template of the account.

    `category` and `status` are usually one of `template_definition`'s, but the sets are open. `raw` is all
    that the API said of it.
    """

    id: str
    name: str
    language: str
    category: str
    status: str
    components: list[ComponentDefinition | OtherComponent]
    raw: dict[str, object]


def read_template(found: object) -> AccountTemplate:
    """Read one template in a reply; raises ValueError for what is none.

    Only its name is needed; what else is missing is empty.
    """
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise ValueError(f"a template is an object with a name; found {repr(found)[:60]}")
    components = found.get("components")
    return AccountTemplate(
        id=_text(found.get("id")),
        name=found["name"],
        language=language if isinstance(language := found.get("language"), str) else "",
        category=_text(found.get("category")).upper(),
        status=_text(found.get("status")).upper(),
        components=[_component(one) for one in components] if isinstance(components, list) else [],
        raw=found,
    )


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _component(found: object) -> ComponentDefinition | OtherComponent:
    if not isinstance(found, Mapping):
        return OtherComponent("", {"": found})
    kind = _text(found.get("type"))
    try:
        return msgspec.convert({**found, "type": kind.upper()}, ComponentDefinition)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        return OtherComponent(kind, dict(found))
