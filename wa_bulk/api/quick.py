"""A first look at a message, by functions written for each kind of struct.

Nearly every message is without fault, and to know that takes a third of the time of looking for one. What
these functions are not sure of is left to the look that can name the fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from wa_bulk.api.message import Body, Message
from wa_bulk.api.number import is_e164
from wa_bulk.api.rules import RELATIONS, RULES, Rule, WholeRule, quick_test, structs_in

Test = Callable[[Any], object]
"""True only of what is surely without fault. Raises ValidationError for some of what is not."""


def is_surely_fine(message: Message) -> object:
    """Whether the API would take the message as it is. Where that is not sure, it may raise ValidationError,
    with a field named from anywhere in the message."""
    to, sender, args = message.to, message.from_, message.custom_args
    return (
        type(to) is str
        and is_e164(to)
        and (sender is None or (type(sender) is str and is_e164(sender)))
        and (args is None or type(args) is dict)
        and _is_fine_without_body(message)
        and _is_fine_body(message.body)
    )


def _test_of(kind: type[Struct]) -> Test:
    """The test of one kind of struct and of all that it holds."""
    given: dict[str, Any] = {}
    lines, conditions = ["def is_fine(struct):"], []
    for info in msgspec.structs.fields(kind):
        name, rule = info.name, RULES.get((kind, info.name))
        if rule is not None:
            condition = _condition(name, rule, given)
        elif kind is not Message:
            given[f"is_fine_{name}"] = _test_of_any(structs_in(info.type))
            condition = f"is_fine_{name}({name})"
        else:
            continue
        lines.append(f"  {name} = struct.{name}")
        conditions.append(f"({name} is None or {condition})" if info.default is None else condition)
    if kind in RELATIONS:
        given["relation"] = RELATIONS[kind]
        conditions.append("relation(struct) is None")
    exec("\n".join([*lines, f"  return {' and '.join(conditions)}"]), given)
    return cast(Test, given["is_fine"])


def _condition(name: str, rule: Rule, given: dict[str, Any]) -> str:
    """The test of a value, spelled out where that is short."""
    if isinstance(rule, WholeRule):
        return f"type({name}) is int and {rule.low} <= {name} <= {rule.high}"
    if not rule.takes_easy_text:
        given[f"is_fine_{name}"] = quick_test(rule)
        return f"is_fine_{name}({name})"
    condition = f"type({name}) is str and 0 < len({name}) <= {rule.max_length or sys.maxsize}"
    if rule.forbids is not None:
        condition += f" and {name}.isprintable() and {' ' * 5!r} not in {name}"
    return f"{condition} and not {name}.isspace()"


def _test_of_any(kinds: Sequence[type[Struct]]) -> Test:
    """The test of a struct of one of these kinds, or of a list of such."""
    tests: dict[type[object], Test] = {kind: _test_of(kind) for kind in kinds}

    def is_fine(found: object) -> object:
        test = tests.get(type(found))
        if test is not None:
            return test(found)
        if type(found) is not list:
            return False
        for item in found:
            test = tests.get(type(item))
            if test is None or not test(item):
                return False
        return True

    return is_fine


_is_fine_without_body = _test_of(Message)
_is_fine_body = _test_of_any(structs_in(Body))
