"""A message as the recipient's phone shows it."""

import pytest

from wa_bulk.api import Message
from wa_bulk.api.account_template import AccountTemplate, OtherComponent
from wa_bulk.api.template import Document, QuickReply, UrlSuffix
from wa_bulk.api.template_definition import (
    BodyDefinition,
    Button,
    ButtonsDefinition,
    ComponentDefinition,
    FooterDefinition,
    HeaderDefinition,
)
from wa_bulk.cli.phone_view import phone_view

TO = "+447911123456"
LINK = "https://x.example/a.pdf"
DEFINITION: list[ComponentDefinition | OtherComponent] = [
    HeaderDefinition("DOCUMENT"),
    BodyDefinition("Dear {{1}},\nthank you."),
    FooterDefinition("The shop"),
    ButtonsDefinition([Button("URL", "Track", url="https://x.example/{{1}}"), Button("QUICK_REPLY", "Stop")]),
]
SENT = Message.template(
    TO, "t", "en", header=Document(link=LINK, caption="Invoice 7.pdf"), body="Ada", buttons=[UrlSuffix("A7")]
)


def account_template(components: list[ComponentDefinition | OtherComponent]) -> AccountTemplate:
    return AccountTemplate("1", "t", "en", "UTILITY", "APPROVED", components, {})


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        (Message.text(TO, "Hello\n\nAda"), ["Hello", "", "Ada"]),
        (Message.image(TO, LINK, caption="A cat"), [f"[image] {LINK}", "A cat"]),
        (Message.video(TO, id="7"), ["[video] id 7"]),
        (Message.audio(TO, LINK), [f"[audio] {LINK}"]),
        (Message.sticker(TO, LINK), [f"[sticker] {LINK}"]),
        (Message.document(TO, LINK), [f"[document] {LINK}"]),
        (Message.document(TO, LINK, caption="Terms"), ["[document] Terms"]),
        (
            Message.document(TO, LINK, caption="Read it", filename="Terms.pdf"),
            ["[document] Terms.pdf", "Read it"],
        ),
    ],
)
def test_each_kind_of_message(message: Message, lines: list[str]) -> None:
    assert phone_view(message) == lines


def test_a_template_that_is_known_has_its_variables_in_place() -> None:
    assert phone_view(SENT, account_template(DEFINITION)) == [
        "[document] Invoice 7.pdf",
        "Dear Ada,",
        "thank you.",
        "The shop",
        "[ Track ]  https://x.example/A7",
        "[ Stop ]",
    ]


@pytest.mark.parametrize("known", [None, account_template([*DEFINITION, OtherComponent("CAROUSEL", {})])])
def test_of_one_that_is_not_known_the_values_are_listed(known: AccountTemplate | None) -> None:
    sent = Message.template(
        TO,
        "t",
        "en",
        header=Document(link=LINK),
        body=["Ada", "$1"],
        buttons=[UrlSuffix("A7"), QuickReply("no")],
    )
    assert phone_view(sent, known) == [
        f"header {{{{1}}}}  [document] {LINK}",
        "body {{1}}  Ada",
        "body {{2}}  $1",
        "button 0  A7",
        "button 1  sends back 'no'",
    ]
    assert phone_view(Message.template(TO, "t", "en"), known) == ["(no values)"]


def test_values_that_do_not_fit_the_template_are_listed_with_the_reason() -> None:
    lines = phone_view(Message.template(TO, "t", "en", body="Ada"), account_template(DEFINITION))
    assert lines[0] == "body {{1}}  Ada"
    assert lines[-1].startswith("(does not fit the template: ")
