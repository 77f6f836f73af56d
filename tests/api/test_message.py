"""The short ways to build a message."""

import json

import pytest

from wa_bulk.api import (
    BodyComponent,
    ButtonComponent,
    Currency,
    CurrencyParameter,
    DateTime,
    DateTimeParameter,
    Document,
    DocumentParameter,
    HeaderComponent,
    Image,
    ImageParameter,
    Message,
    Parameter,
    PayloadParameter,
    QuickReply,
    Template,
    TemplateBody,
    TextParameter,
    UrlSuffix,
    ValidationError,
    Video,
    VideoParameter,
    encode,
    validate,
)

TO = "+447911123456"
PRICE = Currency("$12.50", "USD", 12_500)
MOMENT = DateTime("tomorrow", timestamp=1_485_470_276)


def components(message: Message) -> object:
    assert isinstance(message.body, TemplateBody)
    return message.body.template.components


def test_strings_become_texts_and_the_rest_what_it_is() -> None:
    message = Message.template(TO, "order_update", "en", body=["Ada", PRICE, MOMENT])
    assert components(message) == [
        BodyComponent([TextParameter("Ada"), CurrencyParameter(PRICE), DateTimeParameter(MOMENT)])
    ]
    assert validate(message) is message


@pytest.mark.parametrize(
    ("header", "parameter"),
    [
        ("Order 7", TextParameter("Order 7")),
        (PRICE, CurrencyParameter(PRICE)),
        (MOMENT, DateTimeParameter(MOMENT)),
        (Image(id="1"), ImageParameter(Image(id="1"))),
        (Video(id="1"), VideoParameter(Video(id="1"))),
        (Document(id="1"), DocumentParameter(Document(id="1"))),
    ],
)
def test_a_header_is_a_medium_or_a_value(
    header: str | Currency | DateTime | Image | Video | Document, parameter: ImageParameter
) -> None:
    message = Message.template(TO, "n", "en", header=header)
    assert components(message) == [HeaderComponent([parameter])]
    assert validate(message) is message


def test_buttons_count_by_their_place() -> None:
    message = Message.template(TO, "n", "en", buttons=[QuickReply("yes"), None, UrlSuffix("orders/7")])
    assert components(message) == [
        ButtonComponent("quick_reply", "0", [PayloadParameter("yes")]),
        ButtonComponent("url", "2", [TextParameter("orders/7")]),
    ]
    assert validate(message) is message


def test_all_three_in_the_order_of_the_vendors_example() -> None:
    message = Message.template(TO, "n", "en", header="h", body=["b"], buttons=[QuickReply("p")])
    sent = json.loads(encode(message))["body"]["template"]["components"]
    assert [component["type"] for component in sent] == ["header", "body", "button"]


@pytest.mark.parametrize("value", ["Ada", PRICE])
def test_one_value_need_not_be_in_a_list(value: str | Currency) -> None:
    assert Message.template(TO, "n", "en", body=value) == Message.template(TO, "n", "en", body=[value])


def test_parameters_of_the_api_are_taken_as_they_are() -> None:
    given: list[Parameter] = [TextParameter("Ada"), CurrencyParameter(PRICE)]
    message = Message.template(TO, "n", "en", body=given)  # type: ignore[arg-type]
    assert components(message) == [BodyComponent(given)]


def test_the_two_forms_do_not_mix() -> None:
    with pytest.raises(ValidationError, match="components: is given beside header, body or buttons"):
        Message.template(TO, "n", "en", [BodyComponent([TextParameter("x")])], body=["x"])


def test_buttons_that_are_no_list_are_named() -> None:
    with pytest.raises(ValidationError, match="has buttons in a QuickReply; expected a list"):
        Message.template(TO, "n", "en", buttons=QuickReply("x"))  # type: ignore[arg-type]


def test_a_template_without_variables_has_no_components() -> None:
    assert Message.template(TO, "n", "en").body == TemplateBody(Template("n", "en"))


def test_an_empty_list_of_values_is_named() -> None:
    with pytest.raises(ValidationError, match="parameters: is empty"):
        validate(Message.template(TO, "n", "en", body=[]))


def test_recipients_are_always_a_list() -> None:
    assert Message.text(TO, "x").recipients == [TO]
    assert Message.text([TO], "x").recipients == [TO]
