"""Whether the API would take a message, decided before any I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec
from msgspec import Struct

from wa_bulk.api.errors import ValidationError, shortened
from wa_bulk.api.fast_validate import is_surely_fine
from wa_bulk.api.message import Body, Message
from wa_bulk.api.one_person import person_key
from wa_bulk.api.phone_number import e164
from wa_bulk.api.plain_values import plain, with_plain_values
from wa_bulk.api.rules import (
    NUMBER_RULE,
    NUMBER_TYPE_RULE,
    RELATIONS,
    RULES,
    Rule,
    fast_test,
    structs_in,
    type_name,
)

_ENCODER = msgspec.json.Encoder(enc_hook=plain)
_DECODER = msgspec.json.Decoder(Message)


class _Plan(Struct, frozen=True):
    """What is to be looked at in one kind of struct, worked out once.

    Of each value: its attribute, whether None will do, a fast test that tells it is fine, and for when it
    is not its rule and JSON name. Of each child: its attribute, JSON name, kinds, whether it is a list of
    them, and whether None will do.
    """

    values: tuple[tuple[str, bool, Callable[[Any], object], Rule, str], ...]
    children: tuple[tuple[str, str, tuple[type[Struct], ...], bool, bool], ...]
    relation: Callable[[Any], None] | None


def _plan(kind: type[Struct]) -> _Plan:
    values, children = [], []
    for info in msgspec.structs.fields(kind):
        rule = RULES.get((kind, info.name))
        optional = info.default is None
        if rule is not None:
            values.append((info.name, optional, fast_test(rule), rule, info.encode_name))
        elif not issubclass(kind, Message):
            is_list = not isinstance(info.type, type)
            children.append((info.name, info.encode_name, structs_in(info.type), is_list, optional))
    return _Plan(tuple(values), tuple(children), RELATIONS.get(kind))


_PLANS: dict[type[Struct], _Plan] = {}
_BODIES = structs_in(Body)


def _check(struct: Struct, with_values: bool = True) -> None:
    kind = type(struct)
    plan = _PLANS.get(kind)
    if plan is None:
        plan = _PLANS[kind] = _plan(kind)
    if with_values:
        for name, optional, is_fine, rule, json_name in plan.values:
            value = getattr(struct, name)
            if not is_fine(value) and not (value is None and optional):
                raise ValidationError(json_name, rule.fault(value) or "is refused", rule.expects)
    for name, json_name, kinds, is_list, optional in plan.children:
        child = getattr(struct, name)
        if child is None and optional:
            continue
        if is_list:
            _check_items(child, kinds, json_name, with_values)
        else:
            _check_item(child, kinds, json_name, with_values)
    if plan.relation is not None:
        plan.relation(struct)


def _check_items(items: object, kinds: tuple[type[Struct], ...], at: str, with_values: bool) -> None:
    if not isinstance(items, (list, tuple)):
        raise ValidationError(at, f"is {type_name(items)}", f"expected a list of {_names(kinds)}")
    for i, item in enumerate(items):
        _check_item(item, kinds, f"{at}[{i}]", with_values)


def _check_item(item: object, kinds: tuple[type[Struct], ...], at: str, with_values: bool) -> None:
    if type(item) not in kinds:
        raise ValidationError(at, f"is {type_name(item)}", f"expected {_names(kinds)}")
    try:
        _check(item, with_values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise error.under(at) from None


def _names(kinds: tuple[type[Struct], ...]) -> str:
    return " or ".join(kind.__name__ for kind in kinds)


def validate(message: Message, max_recipients: int = 1) -> Message:
    """Return the message with its numbers in E.164 form, if the API would take it.

    The very same object comes back when nothing had to be changed. `max_recipients` bounds `to`,
    for which the vendor documents no limit. A subclass of str or int is taken for the text or number it is.

    Raises ValidationError naming the first field that is wrong.
    """
    try:
        if is_surely_fine(message):
            return message
    except ValidationError:
        pass  # its field is not known in full
    message = with_plain_values(message)
    changed: dict[str, Any] = {}
    to, sender, args = message.to, message.from_, message.custom_args
    if not isinstance(to, (list, tuple)):
        if (number := _number(to, "to")) != to:
            changed["to"] = number
    elif (numbers := _numbers(to, max_recipients)) != to:
        changed["to"] = numbers
    if sender is not None and (number := _number(sender, "from")) != sender:
        changed["from_"] = number
    if args is not None and type(args) is not dict and not isinstance(args, Mapping):
        raise ValidationError("custom_args", f"is {type_name(args)}", "expected a JSON object")
    _check(message)
    _check_item(message.body, _BODIES, "body", True)
    return msgspec.structs.replace(message, **changed) if changed else message


def validate_shape(message: Message) -> None:
    """Check how the parts of a message stand to each other, and not each value by itself.

    For a message whose values are not known yet: one character in place of a value is enough.
    Raises ValidationError.
    """
    _check_item(message.body, _BODIES, "body", False)


def _numbers(to: Sequence[object], max_recipients: int) -> list[str]:
    if not to:
        raise ValidationError("to", "has no number", "expected the recipient's number")
    if len(to) > max_recipients:
        raise ValidationError("to", f"has {len(to)} numbers", f"expected at most {max_recipients} a request")
    numbers: list[str] = []
    positions: dict[str, int] = {}
    for i, text in enumerate(to):
        try:
            numbers.append(_number(text, ""))
        except ValidationError as error:
            raise error.under(f"to[{i}]") from None
        first = positions.setdefault(person_key(numbers[i]), i)
        if first != i:
            raise ValidationError(
                f"to[{i}]",
                f"{shortened(str(text))} is the same person as {shortened(str(to[first]))}, to[{first}]",
                "expected each person once",
            )
    return numbers


def _number(text: object, at: str) -> str:
    if not isinstance(text, str):
        raise ValidationError(at, f"is {type_name(text)}", NUMBER_TYPE_RULE)
    try:
        return e164(text)
    except ValueError as error:
        raise ValidationError(at, str(error), NUMBER_RULE) from None


def encode(message: Message) -> bytes:
    """Return the request body: the vendor's JSON, with `to` always an array.

    Raises ValidationError where a value has no JSON form.
    """
    if type(message.to) is str:
        message = msgspec.structs.replace(message, to=[message.to])
    try:
        return _ENCODER.encode(message)
    except (TypeError, ValueError, RecursionError) as error:
        _unencodable(message, error)


def _unencodable(message: Message, error: Exception) -> NoReturn:
    for info in msgspec.structs.fields(Message):
        try:
            _ENCODER.encode(getattr(message, info.name))
        except (TypeError, ValueError, RecursionError):
            raise ValidationError(
                info.encode_name, f"has no JSON form ({error})", "expected text, numbers, lists and objects"
            ) from None
    raise error


def decode(payload: bytes | str) -> Message:
    """Return the message that a request body holds. Unknown keys are passed over.

    Raises ValidationError naming the field; its `field` is empty when the payload is not JSON at all.
    """
    try:
        return _DECODER.decode(payload)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValidationError("", f"is not JSON: {error}", "expected a JSON object") from None


_PLACE = re.compile(r"(.*?)(?: - at `(?:key in )?\$(.*)`)?", re.DOTALL)


def misfit(words: str) -> ValidationError:
    """Return msgspec's words on a value of the wrong type, as a ValidationError with its field."""
    match = _PLACE.fullmatch(words)
    assert match is not None
    what, path = match[1], (match[2] or "").lstrip(".")
    if missing := re.fullmatch(r"Object missing required field `(.+)`", what):
        return (
            ValidationError(missing[1], "is missing", "expected a value").under(path)
            if path
            else (ValidationError(missing[1], "is missing", "expected a value"))
        )
    if wrong := re.fullmatch(r"Expected `(.+)`, got `(.+)`", what):
        expected = " or ".join("text" if kind == "str" else kind for kind in wrong[1].split(" | "))
        return ValidationError(path, f"is of type {wrong[2]}", f"expected {expected}")
    return ValidationError(path, what[:1].lower() + what[1:], "expected one of the API's values")
