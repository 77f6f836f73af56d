"""A template's definition read from the vendor's JSON, as a person keeps it in a file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

import msgspec
from msgspec import Struct

from wa_bulk.api.errors import ValidationError
from wa_bulk.api.rules import structs_in
from wa_bulk.api.template_definition import (
    Button,
    Category,
    ComponentDefinition,
    TemplateDefinition,
    check_definition,
)
from wa_bulk.api.validation import misfit

_TYPES = {str(kind.__struct_config__.tag): kind for kind in structs_in(ComponentDefinition)}
_BUTTON_TYPES = get_args(msgspec.structs.fields(Button)[0].type)


def read_definition(data: bytes) -> TemplateDefinition:
    """Return the definition in `data`: name, language, category and components.

    What else the API lists of a template (id, status, …) is passed over, so that what was listed can be
    created again. Raises ValidationError naming the JSON path of the first thing that breaks a rule.
    """
    try:
        found = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValidationError("", f"is not JSON: {error}", "expected a template's definition") from None
    if isinstance(found, list):
        raise ValidationError("", f"is a list of {len(found)}", "expected one template's definition")
    if not isinstance(found, dict):
        raise ValidationError("", "is no object", "expected a template's definition")
    components = found.get("components")
    if isinstance(components, list):
        found = {**found, "components": [_upper_case(one) for one in components]}
    try:
        definition = msgspec.convert(found, TemplateDefinition)
    except msgspec.ValidationError as error:
        raise _in_words(misfit(str(error))) from None
    for position, component in enumerate(found["components"]):
        _check_keys(component, _TYPES[component["type"]], f"components[{position}]")
    check_definition(definition)
    return definition


def _upper_case(component: object) -> object:
    """Return a component with its type as a definition has it; some list it in small letters."""
    if isinstance(component, Mapping) and isinstance(kind := component.get("type"), str):
        return {**component, "type": kind.upper()}
    return component


def _in_words(error: ValidationError) -> ValidationError:
    """Say which values there are where one is not among them."""
    values: tuple[str, ...]
    match error.field.rpartition(".")[2]:
        case "category":
            values = get_args(Category)
        case "format":
            values = ("text", "image", "video", "document")
        case "type":
            values = _BUTTON_TYPES if "buttons" in error.field else tuple(_TYPES)
        case _:
            return error
    fault = error.fault.replace("invalid enum value", "is").replace("invalid value", "is")
    return ValidationError(error.field, fault, f"expected {', '.join(values[:-1])} or {values[-1]}")


def _check_keys(table: Mapping[str, Any], kind: type[Struct], path: str) -> None:
    """Raise ValidationError for a key that would be dropped without a word."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    for key, value in table.items():
        if key == tag:
            continue
        if key not in fields:
            near = get_close_matches(key, fields, n=1, cutoff=0.5)
            known = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(fields)}"
            raise ValidationError(f"{path}.{key}", "is an unknown key", known)
        inner = structs_in(fields[key].type)
        if not inner:
            continue
        at = f"{path}.{key}"
        if isinstance(value, dict):
            _check_keys(value, inner[0], at)
        elif isinstance(value, list):
            for position, item in enumerate(value):
                _check_keys(item, inner[0], f"{at}[{position}]")
