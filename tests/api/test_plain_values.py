"""Subclasses of text and numbers go on the wire as the values they hold."""

import enum
import json
from collections import OrderedDict, UserDict
from numbers import Integral
from typing import Literal, cast

import msgspec
import pytest
from markupsafe import Markup

from wa_bulk.api import (
    BodyComponent,
    ButtonComponent,
    Currency,
    CurrencyParameter,
    Image,
    Message,
    PayloadParameter,
    TextParameter,
    ValidationError,
    encode,
    validate,
)
from wa_bulk.api.plain_values import plain, with_plain_values

TO = "+447911123456"


class Word(enum.StrEnum):
    """As a service may keep its template names."""

    NAME = "order_update"
    LANGUAGE = "en"
    NUMBER = "+447911123456"
    REPLY = "quick_reply"
    INDEX = "0"


@Integral.register
class Int64:
    """A whole number of another type, as numpy's are."""

    def __int__(self) -> int:
        return 64


REPLY = cast(Literal["quick_reply"], Word.REPLY)


class Shouting(str):
    """A text whose own methods lie about it."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()


class Amount(enum.IntEnum):
    SMALL = 1000


class Cents(int):
    pass


SPELLED: list[tuple[Message, Message]] = [
    (Message.text(Word.NUMBER, Markup("a < b")), Message.text(TO, "a < b")),
    (Message.text([Markup(TO)], Shouting("hi")), Message.text([TO], "hi")),
    (Message.text(Markup("0044 7911 123456"), "x"), Message.text(TO, "x")),
    (
        Message.text(TO, "x", from_=Markup("+8613800138000"), request_id=Markup("r")),
        Message.text(TO, "x", from_="+8613800138000", request_id="r"),
    ),
    (
        Message.image(TO, Markup("https://example.com/a.png"), caption=Markup("c")),
        Message.image(TO, "https://example.com/a.png", caption="c"),
    ),
    (
        Message.template(
            TO,
            Word.NAME,
            Word.LANGUAGE,
            body=[Markup("Ada"), Currency(Markup("$1"), Markup("USD"), Amount.SMALL)],
            header=Image(id=Markup("1")),
        ),
        Message.template(
            TO, "order_update", "en", body=["Ada", Currency("$1", "USD", 1000)], header=Image(id="1")
        ),
    ),
    (
        Message.template(
            TO,
            "n",
            "en",
            (
                BodyComponent((CurrencyParameter(Currency("$1", "USD", Cents(5))),)),
                ButtonComponent(REPLY, Word.INDEX, (PayloadParameter(Markup("p")),)),
            ),
        ),
        Message.template(
            TO,
            "n",
            "en",
            [
                BodyComponent([CurrencyParameter(Currency("$1", "USD", 5))]),
                ButtonComponent("quick_reply", "0", [PayloadParameter("p")]),
            ],
        ),
    ),
]


@pytest.mark.parametrize(("spelled", "meant"), SPELLED)
def test_a_subclass_is_taken_for_what_it_holds(spelled: Message, meant: Message) -> None:
    assert encode(validate(spelled)) == encode(validate(meant))


@pytest.mark.parametrize(("spelled", "meant"), SPELLED)
def test_every_value_is_of_the_exact_type(spelled: Message, meant: Message) -> None:
    kinds: set[type] = set()

    def gather(value: object) -> None:
        if isinstance(value, msgspec.Struct):
            for name in value.__struct_fields__:
                gather(getattr(value, name))
        elif isinstance(value, (list, tuple)):
            for item in value:
                gather(item)
        else:
            kinds.add(type(value))

    gather(validate(spelled))
    assert kinds <= {str, int, type(None)}


def test_what_is_plain_stays_the_very_same() -> None:
    message = Message.template(TO, "n", "en", body=["Ada"], custom_args={"a": 1})
    assert with_plain_values(message) is message


def test_the_rules_hold_for_subclasses_too() -> None:
    with pytest.raises(ValidationError, match=r"parameters\[0\]\.text: has a line break"):
        validate(Message.template(TO, "n", "en", body=[Markup("a\nb")]))
    with pytest.raises(ValidationError, match="amount_1000: is bool, not a whole number"):
        validate(Message.template(TO, "n", "en", body=[Currency("$1", "USD", True)]))


def test_custom_args_may_hold_them_at_any_depth() -> None:
    args: dict[str, object] = {
        "markup": Markup("<b>"),
        "list": [Amount.SMALL, Cents(2), True, 1.5, Int64()],
        "mapping": OrderedDict(a=UserDict(b=Markup("c"))),
        str.__new__(Markup, "key"): 1,
    }
    payload = encode(validate(Message.text(TO, "x", custom_args=args)))
    assert json.loads(payload)["custom_args"] == {
        "markup": "<b>",
        "list": [1000, 2, True, 1.5, 64],
        "mapping": {"a": {"b": "c"}},
        "key": 1,
    }


def test_whatever_else_has_no_plain_value() -> None:
    with pytest.raises(TypeError, match="set has no JSON form"):
        plain({1})


def test_text_parameters_take_them() -> None:
    message = Message.template(TO, "n", "en", [BodyComponent([TextParameter(Markup("Ada"))])])
    assert validate(message) == Message.template(TO, "n", "en", body=["Ada"])
