"""What looks like a mistake, and is sent all the same."""

from __future__ import annotations

import pytest

from tests.api.template_messages import TO, header, moment, template
from wa_bulk.api import (
    Document,
    DocumentParameter,
    Image,
    ImageParameter,
    Message,
    Video,
    VideoParameter,
    validate,
    warnings,
)


@pytest.mark.parametrize(
    ("language", "hint"), [("en_us", "'en_US'"), ("en-GB", "'en_GB'"), ("pt", "'pt_"), ("EN", "'en'")]
)
def test_an_unknown_language_is_a_warning_with_the_nearest(language: str, hint: str) -> None:
    (warning,) = warnings(validate(template(language=language)))
    assert hint in warning
    assert "language" in warning


@pytest.mark.parametrize(
    ("message", "place", "words"),
    [
        (header(ImageParameter(Image(id="1", caption="c"))), "image.caption", "Meta refuses a caption"),
        (header(VideoParameter(Video(id="1", caption="c"))), "video.caption", "Meta refuses a caption"),
        (header(DocumentParameter(Document(id="1", caption="c"))), "document.caption", "Meta refuses"),
        (moment(timestamp=1485470276000), "date_time.timestamp", "likely in milliseconds"),
        (header(ImageParameter(Image(link="https://x.example/a.HEIC?b=c"))), "image.link", "ends in .heic"),
        (moment(day_of_month=31, month=4), "date_time.day_of_month", "April has 30 days"),
        (moment(day_of_month=30, month=2), "date_time.day_of_month", "February has 29 days"),
        (moment(day_of_month=29, month=2, year=2026), "date_time.day_of_month", "February 2026 has 28"),
        (
            moment(day_of_week=1, day_of_month=25, month=11, year=2026),
            "date_time.day_of_week",
            "is 1, and 25 November 2026 is a Wednesday, 3",
        ),
    ],
)
def test_what_looks_like_a_mistake_is_a_warning(message: Message, place: str, words: str) -> None:
    (warning,) = warnings(validate(message))
    assert warning.startswith(f"body.template.components[0].parameters[0].{place}: ")
    assert words in warning


@pytest.mark.parametrize(
    "parts",
    [
        {"timestamp": 1},
        {"day_of_month": 31},
        {"day_of_month": 29, "month": 2},
        {"day_of_month": 29, "month": 2, "year": 2028},
        {"day_of_week": 3, "day_of_month": 25, "month": 11, "year": 2026},
        {"day_of_week": 3, "day_of_month": 25, "month": 11},
    ],
)
def test_a_date_that_can_be_brings_no_warning(parts: dict[str, int]) -> None:
    assert warnings(validate(moment(**parts))) == []


def test_known_languages_bring_no_warning() -> None:
    assert warnings(template(language="pt_BR")) == []


@pytest.mark.parametrize(
    "body", [Message.text(TO, "Hi"), Message.sticker(TO, id="1"), Message.audio(TO, id="1")]
)
def test_a_body_other_than_a_template_reaches_few(body: Message) -> None:
    (warning,) = warnings(body)
    assert warning.startswith("body.type: ")
    assert (
        "wrote to the sending number within the last 24 hours; to everybody else, send a template" in warning
    )
