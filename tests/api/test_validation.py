import contextlib
from pathlib import Path

import pytest

from tests.api.template_messages import TO, body, header, moment, money, template
from wa_bulk.api import (
    BodyComponent,
    ButtonComponent,
    Document,
    DocumentParameter,
    HeaderComponent,
    Image,
    ImageParameter,
    Message,
    PayloadParameter,
    TextParameter,
    ValidationError,
    decode,
    encode,
    validate,
    validation,
)
from wa_bulk.api.fast_validate import is_surely_fine
from wa_bulk.api.message import TemplateBody, Text, TextBody
from wa_bulk.api.template import Template

PDF = Document(link="https://example.com/terms.pdf")

GOOD = [
    Message.text(TO, "Hello"),
    Message.text([TO], "x" * 4096),
    Message.image(TO, "https://example.com/a.png", caption="c" * 1024),
    Message.video(TO, id="123"),
    Message.audio(TO, "http://example.com/a.mp3"),
    Message.document(TO, "https://example.com/a.docx", filename="Terms and conditions.docx"),
    Message.sticker(TO, id="1", link="https://example.com/a.webp"),
    *(
        Message.image(TO, f"https://{host}/a.png")
        for host in (
            "example.com.",
            "localhost:8080",
            "127.0.0.1",
            "[::1]:80",
            "a_b.example.com",
            "1and1.com",
            "123.example",
            "4u",
            "münchen.de",
            "xn--mnchen-3ya.de",
            "例え.テスト",
            "user:pass@EXAMPLE.com:443",
            "a" * 63 + ".com",
        )
    ),
    template(),
    template(name="a" * 512, language="pt_BR"),
    body(TextParameter("t" * 1024)),
    header(TextParameter("t" * 60)),
    header(DocumentParameter(PDF)),
    header(DocumentParameter(Document(id="1", filename="terms"))),
    header(ImageParameter(Image(id="1"))),
    header(ImageParameter(Image(id="1", caption="Our shop"))),
    header(DocumentParameter(Document(id="1", caption="Terms 2026"))),
    Message.document(TO, id="1", caption="Open 24/7", filename="terms.pdf"),
    template(language="es_419"),
    template(language="zh_Hant_TW"),
    money(),
    moment(timestamp=1485470276),
    moment(day_of_week=7, hour=0, minute=59),
    template(
        ButtonComponent("quick_reply", "0", [PayloadParameter("yes")]),
        ButtonComponent("url", "1", [TextParameter("A-7")]),
    ),
    Message.text(TO, "Hi", from_="+8613800138000", request_id="1", custom_args={"a": [1, {"b": None}]}),
]


@pytest.mark.parametrize("message", GOOD)
def test_what_the_api_takes_passes_unchanged(message: Message) -> None:
    assert validate(message) is message
    assert decode(encode(message)).body == message.body


@pytest.mark.parametrize("message", GOOD)
def test_a_closer_look_takes_it_too(message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "is_surely_fine", lambda message: False)
    assert validate(message) is message


PARAMETER = TextParameter("x")


def odd_template(*components: object) -> Message:
    return Message(to=TO, body=TemplateBody(Template("n", "en", list(components))))  # type: ignore[arg-type]


BAD: list[tuple[Message, str, str]] = [
    (Message(to=TO, body=TextBody([])), "body.text", "is list"),  # type: ignore[arg-type]
    (Message(to=TO, body=TextBody([Text("x")])), "body.text", "is list"),  # type: ignore[arg-type]
    (Message(to=TO, body=TemplateBody(())), "body.template", "is tuple"),  # type: ignore[arg-type]
    (
        Message(to=TO, body=TemplateBody(Template("n", "en", BodyComponent([PARAMETER])))),  # type: ignore[arg-type]
        "body.template.components",
        "is BodyComponent",
    ),
    (
        odd_template(BodyComponent(PARAMETER)),  # type: ignore[arg-type]
        "body.template.components[0].parameters",
        "is TextParameter",
    ),
    (
        odd_template(HeaderComponent([ImageParameter([])])),  # type: ignore[arg-type]
        "body.template.components[0].parameters[0].image",
        "is list",
    ),
    (Message.image(TO, "https://" + "a" * 100_000 + " "), "body.image.link", "has a blank in it"),
    (Message.text("1/" * 50_000 + "x", "Hi"), "to", "has more than 100 characters"),
    (Message.text("1", "Hi"), "to", "too short"),
    (Message.text([], "Hi"), "to", "has no number"),
    (Message.text([TO, TO], "Hi"), "to", "has 2 numbers"),
    (Message.text(447911123456, "Hi"), "to", "is int"),  # type: ignore[arg-type]
    (Message.text(None, "Hi"), "to", "is None"),  # type: ignore[arg-type]
    (Message.text(b"+447911123456", "Hi"), "to", "is bytes"),  # type: ignore[arg-type]
    (Message.text({TO}, "Hi"), "to", "is set"),  # type: ignore[arg-type]
    (Message.text([3], "Hi"), "to[0]", "is int"),  # type: ignore[list-item]
    (Message.text(TO, "Hi", from_=8613800138000), "from", "is int"),  # type: ignore[arg-type]
    (Message.text(TO, b"Hi"), "body.text.body", "is bytes, not text"),  # type: ignore[arg-type]
    (Message.text(TO, "Hi", request_id=7), "request_id", "is int, not text"),  # type: ignore[arg-type]
    (Message.image(TO, Path("a.png")), "body.image.link", "Path, not text"),  # type: ignore[arg-type]
    (Message.image(TO, id=5), "body.image.id", "is int, not text"),  # type: ignore[arg-type]
    (Message.template(TO, 3, "en"), "body.template.name", "is int, not text"),  # type: ignore[arg-type]
    (Message.template(TO, "n", None), "body.template.language", "is None, not text"),  # type: ignore[arg-type]
    (
        Message.template(TO, "n", "en", BodyComponent([PARAMETER])),  # type: ignore[arg-type]
        "body.template.components",
        "is BodyComponent",
    ),
    (
        Message.template(TO, "n", "en", body=["Ada", 3]),  # type: ignore[list-item]
        "body.template.components[0].parameters[1].text",
        "is int, not text",
    ),
    (
        Message.template(TO, "n", "en", body=[Image(id="1")]),  # type: ignore[list-item]
        "body.template.components[0].parameters[0].type",
        "is image",
    ),
    (
        Message.template(TO, "n", "en", buttons=[None, 3]),  # type: ignore[list-item]
        "body.template.components[0].parameters[0].text",
        "is int, not text",
    ),
    (Message.document(TO, id="1", caption="Terms 24/7"), "body.document.caption", "path separator"),
    (Message.document(TO, id="1", caption="c" * 256), "body.document.caption", "has 256 characters"),
    (
        header(DocumentParameter(Document(id="1", caption="Terms.docx"))),
        "body.template.components[0].parameters[0].document.caption",
        "names",
    ),
    (Message.text(TO, "Hi", from_="x"), "from", "has 'x' in it"),
    (Message.text(TO, ""), "body.text.body", "is empty"),
    (Message.text(TO, "x" * 4097), "body.text.body", "has 4097 characters"),
    (Message.text(TO, None), "body.text.body", "is None, not text"),  # type: ignore[arg-type]
    (Message.text(TO, "Hi", request_id=""), "request_id", "is empty"),
    (Message.text(TO, "Hi", custom_args=[1]), "custom_args", "is list"),  # type: ignore[arg-type]
    (Message(to=TO, body="Hi"), "body", "is str"),  # type: ignore[arg-type]
    (Message.image(TO), "body.image", "neither id nor link"),
    (Message.video(TO), "body.video", "neither id nor link"),
    (Message.audio(TO), "body.audio", "neither id nor link"),
    (Message.document(TO), "body.document", "neither id nor link"),
    (Message.sticker(TO), "body.sticker", "neither id nor link"),
    (Message.image(TO, "ftp://example.com/a.png"), "body.image.link", "is 'ftp:"),
    (Message.image(TO, "https:///a.png"), "body.image.link", "without a host"),
    *(
        (Message.image(TO, f"https://{host}/a.png"), "body.image.link", "neither a name nor an address")
        for host in (
            "y..example",
            ".example.com",
            "example.com..",
            "https%3A",
            "exa%20mple.com",
            "256.1.1.1",
            "1.2.3",
            "1234",
            "1.2.3.4.",
            "a,b.com",
            "{host}",
            "<host>",
            "$HOST",
            "*.example.com",
            "a" * 64 + ".com",
        )
    ),
    (Message.image(TO, "https://example.com/a b.png"), "body.image.link", "has a blank in it"),
    (Message.image(TO, id=""), "body.image.id", "is empty"),
    (Message.image(TO, id="1", caption="c" * 1025), "body.image.caption", "has 1025 characters"),
    (Message.document(TO, id="1", filename="a/b.pdf"), "body.document.filename", "path separator"),
    (template(name="Order"), "body.template.name", "is 'Order'"),
    (template(name="a" * 513), "body.template.name", "is 'aaa"),
    (template(language="english please"), "body.template.language", "is 'english"),
    (body(), "body.template.components[0].parameters", "is empty"),
    (body(TextParameter("")), "body.template.components[0].parameters[0].text", "is empty"),
    (body(TextParameter("a\nb")), "body.template.components[0].parameters[0].text", "line break"),
    (body(TextParameter("a\tb")), "body.template.components[0].parameters[0].text", "tab"),
    (body(TextParameter("a     b")), "body.template.components[0].parameters[0].text", "five spaces"),
    (body(TextParameter("t" * 1025)), "body.template.components[0].parameters[0].text", "1025"),
    (body(ImageParameter(Image(id="1"))), "body.template.components[0].parameters[0].type", "is image"),
    (body(PayloadParameter("1")), "body.template.components[0].parameters[0].type", "is payload"),
    (header(TextParameter("t" * 61)), "body.template.components[0].parameters[0].text", "has 61"),
    (
        header(DocumentParameter(Document(link="https://example.com/a.docx?x=1.pdf"))),
        "body.template.components[0].parameters[0].document.link",
        "names",
    ),
    (
        header(DocumentParameter(Document(link="https://example.com/a.docx", filename="a.pdf"))),
        "body.template.components[0].parameters[0].document.link",
        "names",
    ),
    (
        header(DocumentParameter(Document(id="1", filename="a.xlsx"))),
        "body.template.components[0].parameters[0].document.filename",
        "names",
    ),
    (
        template(BodyComponent([TextParameter("a")]), BodyComponent([TextParameter("b")])),
        "body.template.components[1]",
        "repeats component body",
    ),
    (
        template(
            ButtonComponent("url", "1", [TextParameter("a")]),
            ButtonComponent("url", "1", [TextParameter("b")]),
        ),
        "body.template.components[1]",
        "repeats index '1'",
    ),
    (
        template(ButtonComponent("url", "10", [TextParameter("a")])),
        "body.template.components[0].index",
        "is '10'",
    ),
    (
        template(ButtonComponent("url", "0", [PayloadParameter("a")])),
        "body.template.components[0].parameters[0].type",
        "is payload",
    ),
    (
        template(ButtonComponent("call", "0", [])),  # type: ignore[arg-type]
        "body.template.components[0].sub_type",
        "is 'call'",
    ),
    (money(code="usd"), "body.template.components[0].parameters[0].currency.code", "is 'usd'"),
    (money(amount_1000=1.5), "body.template.components[0].parameters[0].currency.amount_1000", "is float"),
    (money(amount_1000=True), "body.template.components[0].parameters[0].currency.amount_1000", "is bool"),
    (moment(), "body.template.components[0].parameters[0].date_time", "neither timestamp nor parts"),
    (
        moment(timestamp=1, year=2024),
        "body.template.components[0].parameters[0].date_time.timestamp",
        "beside",
    ),
    (moment(day_of_week=8), "body.template.components[0].parameters[0].date_time.day_of_week", "is 8"),
    (moment(minute=60), "body.template.components[0].parameters[0].date_time.minute", "is 60"),
]


@pytest.mark.parametrize(("message", "field", "fault"), BAD)
def test_what_the_api_refuses_is_named(message: Message, field: str, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        validate(message)
    assert caught.value.field == field
    assert fault in caught.value.fault
    assert caught.value.rule.startswith("expected")
    assert str(caught.value).startswith(f"{field}: ")


@pytest.mark.parametrize(("message", "field", "fault"), BAD)
def test_a_quick_look_is_not_sure_of_it(message: Message, field: str, fault: str) -> None:
    with contextlib.suppress(ValidationError):
        assert not is_surely_fine(message)


def test_a_message_of_another_kind_is_looked_at_closely() -> None:
    class Marked(Message, frozen=True, kw_only=True):
        mark: str = ""

    assert not is_surely_fine(Marked(to=TO, body=TextBody(Text("x"))))
    assert validate(Marked(to="447911123456", body=TextBody(Text("x")))).to == "+447911123456"


@pytest.mark.parametrize(
    ("second", "first"),
    [
        ("+44 7911 123456", "+447911123456"),
        ("00447911123456", "447911123456"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+5511998765432", "+551198765432"),
    ],
)
def test_one_person_twice_is_refused_naming_both(first: str, second: str) -> None:
    with pytest.raises(ValidationError) as caught:
        validate(Message.text(["+8613800138000", first, second], "Hi"), max_recipients=3)
    assert caught.value.field == "to[2]"
    assert caught.value.fault == f"{second!r} is the same person as {first!r}, to[1]"


def test_a_number_that_is_no_text_is_told_what_to_write() -> None:
    with pytest.raises(ValidationError) as caught:
        validate(Message.text(447911123456, "Hi"))  # type: ignore[arg-type]
    assert str(caught.value) == 'to: is int; expected text such as "+447911123456"'


def test_more_recipients_where_the_setting_allows() -> None:
    message = validate(Message.text(["00447911123456", "8613800138000"], "Hi"), max_recipients=2)
    assert message.to == ["+447911123456", "+8613800138000"]
