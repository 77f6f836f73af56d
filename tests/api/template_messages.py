"""Messages for trying rules on: a template and what may be wrong with it."""

from __future__ import annotations

from wa_bulk.api import (
    BodyComponent,
    Component,
    Currency,
    CurrencyParameter,
    DateTime,
    DateTimeParameter,
    HeaderComponent,
    Message,
    Parameter,
)

TO = "+447911123456"


def template(*components: Component, name: str = "order_update", language: str = "en") -> Message:
    return Message.template(TO, name, language, components)


def body(*parameters: Parameter) -> Message:
    return template(BodyComponent(list(parameters)))


def header(*parameters: Parameter) -> Message:
    return template(HeaderComponent(list(parameters)))


def money(**changes: object) -> Message:
    return body(
        CurrencyParameter(
            Currency(**{"fallback_value": "$1", "code": "USD", "amount_1000": 1000, **changes})  # type: ignore[arg-type]
        )
    )


def moment(**parts: int) -> Message:
    return body(DateTimeParameter(DateTime("soon", **parts)))
