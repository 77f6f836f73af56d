"""What the API may take but looks like a mistake."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date

from wa_bulk.api.language import LANGUAGES, did_you_mean
from wa_bulk.api.media import media_of, odd_ending
from wa_bulk.api.message import Message, TemplateBody
from wa_bulk.api.template import (
    Component,
    DateTime,
    DateTimeParameter,
    DocumentParameter,
    HeaderComponent,
    ImageParameter,
    Parameter,
    VideoParameter,
)

REACH = (
    "reach only people who wrote to the sending number within the last 24 hours; to everybody else, send a "
    "template"
)
"""What the vendor's page says of every body that is no template."""


_MILLISECONDS_FROM = 10**11
"""As seconds it is the year 5138, as milliseconds 1973."""


def warnings(message: Message) -> list[str]:
    """Return what looks like a mistake in a valid message, or reaches few, in words that begin with the
    field."""
    of_media = [
        f"{medium.path}.link: {odd}"
        for medium in media_of(message)
        if medium.link is not None and (odd := odd_ending(medium.link, medium.kind))
    ]
    if not isinstance(message.body, TemplateBody):
        kind = type(message.body).__struct_config__.tag
        return [f"body.type: {kind} messages {REACH}", *of_media]
    template = message.body.template
    found = [f"language: {text}" for text in _of_language(template.language)]
    for i, component in enumerate(template.components or ()):
        found += [f"components[{i}].{text}" for text in _of_component(component)]
    return [*(f"body.template.{text}" for text in found), *of_media]


def _of_language(code: str) -> Iterator[str]:
    if code not in LANGUAGES:
        yield f"{code!r} is not among the language codes Meta lists{did_you_mean(code)}"


def _of_component(component: Component) -> Iterator[str]:
    for i, parameter in enumerate(component.parameters):
        if isinstance(parameter, DateTimeParameter):
            for text in _of_moment(parameter.date_time):
                yield f"parameters[{i}].date_time{text}"
        elif isinstance(component, HeaderComponent) and (at := _caption(parameter)):
            yield f"parameters[{i}].{at}: is set, and Meta refuses a caption in a template's header"


def _caption(parameter: Parameter) -> str | None:
    """Return where in a medium's parameter a caption is set, if it is."""
    match parameter:
        case ImageParameter(image) if image.caption is not None:
            return "image.caption"
        case VideoParameter(video) if video.caption is not None:
            return "video.caption"
        case DocumentParameter(document) if document.caption is not None:
            return "document.caption"
    return None


def _of_moment(moment: DateTime) -> Iterator[str]:
    """Yield what no calendar has. Only values within the rules are looked at."""
    if moment.timestamp is not None and moment.timestamp >= _MILLISECONDS_FROM:
        yield f".timestamp: is {moment.timestamp}, which is likely in milliseconds; seconds are expected"
    day, month, year = moment.day_of_month, moment.month, moment.year
    if day is None or month is None or not 1 <= month <= 12 or not 1 <= day <= 31:
        return
    known_year = year is not None and 1 <= year <= 9999
    in_month = calendar.monthrange(year if known_year and year is not None else 2000, month)[1]
    name = calendar.month_name[month]
    if day > in_month:
        of_year = f" {year}" if known_year else ""
        yield f".day_of_month: is {day}, and {name}{of_year} has {in_month} days"
    elif known_year and year is not None and moment.day_of_week is not None:
        weekday = date(year, month, day).isoweekday()
        if moment.day_of_week != weekday and 1 <= moment.day_of_week <= 7:
            of_date = f"{day} {name} {year} is a {calendar.day_name[weekday - 1]}, {weekday}"
            yield f".day_of_week: is {moment.day_of_week}, and {of_date}"
