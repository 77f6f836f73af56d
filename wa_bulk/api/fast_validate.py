"""A fast test of a message, by functions written for each kind of struct.

Nearly every message is valid, and to know that takes a third of the time of looking for what is wrong. What
these functions are not sure of is left to the validation that can name the field. For `Currency` one reads

    def is_fine(struct):
      fallback_value = struct.fallback_value
      code = struct.code
      amount_1000 = struct.amount_1000
      return (type(fallback_value) is str and 0 < len(fallback_value) <= 1024 and …
        and type(code) is str and (code in known_code or is_fine_code(code))
        and type(amount_1000) is int and -9223372036854775808 <= amount_1000 <= 9223372036854775807)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from wa_bulk.api.generated_code import compile_function
from wa_bulk.api.message import Body, Message
from wa_bulk.api.number_plan import is_plain
from wa_bulk.api.rules import (
    BODY_PARAMETERS,
    RELATIONS,
    RULES,
    Rule,
    WholeRule,
    fast_test,
    structs_in,
)
from wa_bulk.api.template import BodyComponent

REMEMBERED = 100
"""Values of one kind that are known for fine, so that they need not be looked at again."""

Test = Callable[[Any], object]
"""True only of what is surely without fault. Raises ValidationError for some of what is not."""


def is_surely_fine(message: Message) -> object:
    """Return whether the API would take the message as it is.

    Where that is not sure, it may raise ValidationError, with a field named from anywhere in the message.
    """
    to, sender, args = message.to, message.from_, message.custom_args
    is_fine_body = _body_tests.get(type(message.body))
    return (
        type(message) is Message
        and type(to) is str
        and is_plain(to)
        and (sender is None or (type(sender) is str and (sender in _senders or _is_sender(sender))))
        and (args is None or type(args) is dict)
        and _is_fine_without_body(message)
        and is_fine_body is not None
        and is_fine_body(message.body)
    )


def _test_of(kind: type[Struct]) -> Test:
    """Return the test of one kind of struct and of all that it holds."""
    given: dict[str, Any] = {}
    lines, conditions = ["def is_fine(struct):"], []
    for info in msgspec.structs.fields(kind):
        name, rule = info.name, RULES.get((kind, info.name))
        if rule is not None:
            condition = _condition(name, rule, given)
        elif kind is Message:
            continue
        elif isinstance(info.type, type):
            given[f"kind_{name}"], given[f"is_fine_{name}"] = info.type, _test_of(info.type)
            condition = f"type({name}) is kind_{name} and is_fine_{name}({name})"
        else:
            kinds = BODY_PARAMETERS if kind is BodyComponent else structs_in(info.type)
            given[f"are_fine_{name}"] = _test_of_many(kinds)
            condition = f"are_fine_{name}({name})"
        lines.append(f"  {name} = struct.{name}")
        conditions.append(f"({name} is None or {condition})" if info.default is None else condition)
    if kind is BodyComponent:
        conditions.append("parameters")  # and so all that its relation asks for has been asked
    elif kind in RELATIONS:
        given["relation"] = RELATIONS[kind]
        conditions.append("relation(struct) is None")
    return cast(Test, compile_function("is_fine", [*lines, f"  return {' and '.join(conditions)}"], given))


def _condition(name: str, rule: Rule, given: dict[str, Any]) -> str:
    """Return the test of a value, spelled out where that is short."""
    if isinstance(rule, WholeRule):
        return f"type({name}) is int and {rule.low} <= {name} <= {rule.high}"
    if not rule.takes_easy_text:
        given[f"known_{name}"] = known = set(rule.known)
        given[f"is_fine_{name}"] = _remembering(fast_test(rule), known)
        return f"type({name}) is str and ({name} in known_{name} or is_fine_{name}({name}))"
    condition = f"type({name}) is str and 0 < len({name}) <= {rule.longest}"
    if rule.forbids is not None:
        condition += f" and {name}.isprintable() and {' ' * 5!r} not in {name}"
    return f"{condition} and not {name}.isspace()"


def _remembering(test: Test, known: set[str]) -> Test:
    """Return `test`, adding to `known` what it found fine: a service uses few templates and few numbers."""
    most = len(known) + REMEMBERED

    def remember(value: str) -> object:
        fine = test(value)
        if fine and len(known) < most:
            known.add(value)
        return fine

    return remember


def _test_of_many(kinds: Sequence[type[Struct]]) -> Test:
    """Return the test of a list of structs of these kinds."""
    tests: dict[type[object], Test] = {kind: _test_of(kind) for kind in kinds}

    def are_fine(found: object) -> bool:
        if type(found) is not list:
            return False
        for item in found:
            test = tests.get(type(item))
            if test is None or not test(item):
                return False
        return True

    return are_fine


_senders: set[str] = set()
_is_sender = _remembering(is_plain, _senders)
_is_fine_without_body = _test_of(Message)
_body_tests: dict[type[object], Test] = {kind: _test_of(kind) for kind in structs_in(Body)}
