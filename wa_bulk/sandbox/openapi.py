"""The OpenAPI 3.1 document of all the sandbox serves, made from the routes and the structs behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from wa_bulk.api import ERROR_CODES, ErrorReply
from wa_bulk.api.rules import RULES, WholeRule
from wa_bulk.sandbox.checks import NUMBER_PATTERN
from wa_bulk.sandbox.route import Route

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"


def document(routes: Sequence[Route]) -> Json:
    """Build the document as JSON-ready objects."""
    types = [
        ErrorReply,
        *(kind for route in routes for kind in (route.takes, route.gives) if kind is not None),
    ]
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=_any_json, ref_template=_REFERENCE
    )
    _add_rules(components)
    schema_of = {str(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "EngageLab's WhatsApp API, and the sandbox in its place",
            "version": "1",
            "description": "Paths under /v1 are the vendor's; those under /sandbox are the sandbox's own.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
    }


def _add_rules(components: dict[str, Json]) -> None:
    """Add what the API asks of each value beyond its type, as far as JSON Schema can say it."""
    for (kind, name), rule in RULES.items():
        schema = components[kind.__name__]["properties"].get(name, {})
        schema = next((part for part in schema.get("anyOf", ()) if part.get("type") != "null"), schema)
        if isinstance(rule, WholeRule):
            schema |= {"minimum": rule.low, "maximum": rule.high}
            continue
        schema["minLength"] = 1
        if rule.max_length is not None:
            schema["maxLength"] = rule.max_length
        if rule.pattern is not None:
            schema["pattern"] = f"^(?:{rule.pattern.pattern})$"
    number = {"type": "string", "pattern": NUMBER_PATTERN}
    message = components["Message"]["properties"]
    message["to"] = {"anyOf": [number, {"type": "array", "items": number, "minItems": 1}]}
    message["from"] = {"anyOf": [number, {"type": "null"}], "default": None}


def _any_json(kind: type) -> Json:
    """Describe `object`: any JSON."""
    if kind is object:
        return {"description": "Any JSON."}
    raise NotImplementedError(kind)


def _operation(route: Route, schema_of: dict[str, Json]) -> Json:
    vendors = route.path.startswith("/v1")
    success: Json = {"description": "Success."}
    if route.media != "application/json":
        success["content"] = {route.media: {"schema": {"type": "string"}}}
    else:
        success["content"] = {route.media: {"schema": schema_of[str(route.gives)]}}
    operation: Json = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": ["EngageLab" if vendors else "Sandbox"],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query)],
        "responses": {str(route.status): success},
    }
    if vendors:
        operation["security"] = [{"basic": []}]
    if route.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[str(route.takes)]}},
        }
    refusals = {*route.refuses}
    if route.takes is not None:
        refusals |= {400, 413}
    if route.query is not None or vendors:
        refusals.add(400)
    for status in sorted(refusals):
        operation["responses"][str(status)] = {
            "description": _codes_with(status),
            "content": {"application/json": {"schema": schema_of[str(ErrorReply)]}},
        }
    return operation


def _codes_with(status: int) -> str:
    rows = [f"{row.code}: {row.meaning}" for row in ERROR_CODES.values() if row.http_status == status]
    return "; ".join(rows) or {404: "4001: it does not exist", 413: "413: the request is too large"}[status]


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(query: type[Struct] | None) -> list[Json]:
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=_REFERENCE)
    properties: dict[str, Json] = components[query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ]


@cache
def encoded(routes: tuple[Route, ...]) -> bytes:
    """Encode the document as JSON, once."""
    return msgspec.json.encode(document(routes))
