"""The request as pydantic models, the way a FastAPI service would have it."""

from typing import Literal

from pydantic import BaseModel, Field

from benchmarks.messages import SENDER, Row


class TextParameter(BaseModel):
    type: Literal["text"] = "text"
    text: str


class Currency(BaseModel):
    fallback_value: str
    code: str
    amount_1000: int


class CurrencyParameter(BaseModel):
    type: Literal["currency"] = "currency"
    currency: Currency


class BodyComponent(BaseModel):
    type: Literal["body"] = "body"
    parameters: list[TextParameter | CurrencyParameter]


class Template(BaseModel):
    name: str
    language: str
    components: list[BodyComponent]


class TemplateBody(BaseModel):
    type: Literal["template"] = "template"
    template: Template


class Message(BaseModel):
    from_: str | None = Field(None, serialization_alias="from")
    to: list[str]
    body: TemplateBody
    request_id: str | None = None
    custom_args: dict[str, object] | None = None


def order_update(row: Row) -> Message:
    currency = Currency(fallback_value=row["total"], code="USD", amount_1000=int(row["total_1000"]))
    body = BodyComponent(
        parameters=[TextParameter(text=row["first_name"]), CurrencyParameter(currency=currency)]
    )
    template = Template(name="order_update", language="en", components=[body])
    return Message(
        from_=SENDER,
        to=[row["phone"]],
        body=TemplateBody(template=template),
        request_id=row["order_id"],
        custom_args={"order_id": row["order_id"]},
    )
