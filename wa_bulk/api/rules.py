"""What the API asks of each value, as data: one rule a field, looked up by struct and field name.

Lengths are counted in characters (code points). Sources: the vendor's page for the lengths of texts
and captions, Meta's documentation for template parameters.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from wa_bulk.api import message as m
from wa_bulk.api import template as t
from wa_bulk.api.errors import ValidationError, shortened
from wa_bulk.api.language import LANGUAGES, did_you_mean
from wa_bulk.api.link import IS_LINK, why_no_link

TEXT_MAX = 4096
CAPTION_MAX = 1024
HEADER_TEXT_MAX = 60
PARAMETER_TEXT_MAX = 1024

NUMBER_RULE = "expected a number with its country code, such as +447911123456"
NUMBER_TYPE_RULE = 'expected text such as "+447911123456"'


class TextRule(Struct, frozen=True):
    """A rule for a string: at most `max_length` characters, in the form of `pattern`, and nothing in it
    that `forbids` finds. `known` are values of that form, told without the pattern; `why` says what is wrong
    with a text of another form."""

    expects: str
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None
    why: Callable[[str], str] | None = None
    known: frozenset[str] = frozenset()
    forbids: Callable[[str], object] | None = None
    forbidden: str = ""

    def fault(self, value: object) -> str | None:
        """Say what is wrong with `value`, or return None."""
        if not isinstance(value, str):
            return f"is {type_name(value)}, not text"
        if not value or value.isspace():
            return "is empty"
        if self.max_length is not None and len(value) > self.max_length:
            return f"has {len(value)} characters"
        if self.forbids is not None and self.forbids(value):
            return f"has {self.forbidden} in it"
        if self.pattern is not None and value not in self.known and not self.pattern.fullmatch(value):
            return f"is {shortened(value)}" if self.why is None else self.why(value)
        return None

    @property
    def longest(self) -> int:
        """`max_length`, or more than any text has."""
        return sys.maxsize if self.max_length is None else self.max_length

    @property
    def takes_easy_text(self) -> bool:
        """Whether every text is without fault that is short enough, printable, not blank and without five
        spaces in a row."""
        return self.pattern is None and self.forbids in (None, _breaks_parameter)


class WholeRule(Struct, frozen=True):
    """A rule for a whole number, bounds included."""

    expects: str
    low: int
    high: int

    def fault(self, value: object) -> str | None:
        """Say what is wrong with `value`, or return None."""
        if not isinstance(value, int) or isinstance(value, bool):
            return f"is {type_name(value)}, not a whole number"
        if not self.low <= value <= self.high:
            return f"is {value}"
        return None


Rule = TextRule | WholeRule


def fast_test(rule: Rule) -> Callable[[Any], object]:
    """Return a test that is true of valid values only; what it is not true of, `rule.fault` must judge."""
    if isinstance(rule, WholeRule):
        low, high = rule.low, rule.high
        return lambda value: type(value) is int and low <= value <= high
    longest = rule.longest
    forbids = rule.forbids
    if rule.pattern is not None:
        known, matches = rule.known, rule.pattern.fullmatch
        return lambda value: (
            type(value) is str and (value in known or (len(value) <= longest and matches(value)))
        )
    if forbids is not None:
        return lambda value: (
            type(value) is str and 0 < len(value) <= longest and not value.isspace() and not forbids(value)
        )
    return lambda value: type(value) is str and 0 < len(value) <= longest and not value.isspace()


def structs_in(annotation: Any) -> tuple[type[Struct], ...]:
    """Return the structs that a field of this type may hold, themselves or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return (annotation,)
    return tuple(kind for part in getattr(annotation, "__args__", ()) for kind in structs_in(part))


def type_name(value: object) -> str:
    """Return the name of a value's type, as an error message gives it."""
    return "None" if value is None else type(value).__name__


def _whole(low: int, high: int) -> WholeRule:
    return WholeRule(f"expected a whole number from {low} to {high}", low, high)


_BREAK = re.compile(r"[\n\r\t\v\f\x85\u2028\u2029]").search


def _breaks_parameter(text: str) -> bool:
    # Text that is printable throughout holds no line break or tab; asking that first is ten times as fast.
    return "     " in text or (not text.isprintable() and _BREAK(text) is not None)


LINK = TextRule("expected an http:// or https:// link", pattern=IS_LINK, why=why_no_link)
_ID = TextRule("expected the media's id")
_CAPTION = TextRule(f"expected at most {CAPTION_MAX} characters, or no caption", max_length=CAPTION_MAX)
_PARAMETER = TextRule(
    f"expected 1 to {PARAMETER_TEXT_MAX} characters without line break, tab or five spaces in a row",
    max_length=PARAMETER_TEXT_MAX,
    forbids=_breaks_parameter,
    forbidden="a line break, a tab or five spaces in a row",
)
_FILE_NAME = TextRule(
    "expected a file name of at most 255 characters, without path or line break",
    max_length=255,
    forbids=re.compile(r"[/\\\x00-\x1f\x7f\x85\u2028\u2029]").search,
    forbidden="a path separator or control character",
)
_INT64 = 2**63

RULES: dict[tuple[type[Struct], str], Rule] = {
    (m.Message, "request_id"): TextRule("expected an id of your own, or none"),
    (m.Text, "body"): TextRule(f"expected 1 to {TEXT_MAX} characters", max_length=TEXT_MAX),
    **{(kind, "id"): _ID for kind in (t.Image, t.Video, t.Document, m.Audio, m.Sticker)},
    **{(kind, "link"): LINK for kind in (t.Image, t.Video, t.Document, m.Audio, m.Sticker)},
    **{(kind, "caption"): _CAPTION for kind in (t.Image, t.Video, t.Document)},
    (t.Document, "filename"): _FILE_NAME,
    (t.Template, "name"): TextRule(
        "expected 1 to 512 of a-z, 0-9 and _", pattern=re.compile(r"[a-z0-9_]{1,512}")
    ),
    (t.Template, "language"): TextRule(
        "expected a language code such as en or pt_BR",
        pattern=re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,3}"),
        known=LANGUAGES,
        why=lambda code: f"is {shortened(code)}{did_you_mean(code)}",
    ),
    (t.ButtonComponent, "sub_type"): TextRule(
        "expected quick_reply or url", pattern=re.compile(r"quick_reply|url")
    ),
    (t.ButtonComponent, "index"): TextRule('expected "0" to "9"', pattern=re.compile(r"[0-9]")),
    (t.TextParameter, "text"): _PARAMETER,
    (t.PayloadParameter, "payload"): TextRule("expected 1 to 128 characters", max_length=128),
    (t.Currency, "fallback_value"): _PARAMETER,
    (t.Currency, "code"): TextRule("expected an ISO 4217 code such as USD", pattern=re.compile(r"[A-Z]{3}")),
    (t.Currency, "amount_1000"): WholeRule(
        "expected the amount × 1000 as a whole number", -_INT64, _INT64 - 1
    ),
    (t.DateTime, "fallback_value"): _PARAMETER,
    (t.DateTime, "timestamp"): WholeRule("expected seconds since 1970", 0, _INT64 - 1),
    (t.DateTime, "day_of_week"): _whole(1, 7),
    (t.DateTime, "day_of_month"): _whole(1, 31),
    (t.DateTime, "year"): _whole(1, 9999),
    (t.DateTime, "month"): _whole(1, 12),
    (t.DateTime, "hour"): _whole(0, 23),
    (t.DateTime, "minute"): _whole(0, 59),
}
"""What each value must be. Fields that are not here are structs or lists of structs."""


def _id_or_link(media: t.Image | t.Video | t.Document | m.Audio | m.Sticker) -> None:
    if media.id is None and media.link is None:
        raise ValidationError("", "has neither id nor link", "expected at least one of the two")


def _document(document: t.Document) -> None:
    _id_or_link(document)
    if document.filename is not None or document.caption is None:
        return
    if (error := _FILE_NAME.fault(document.caption)) is not None:
        raise ValidationError(
            "caption",
            error,
            "expected a file name of at most 255 characters: without a filename, the caption names the file",
        )


_NOT_PDF = re.compile(
    r".*\.(?:doc[xm]?|dotx?|xls[xmb]?|pp[ts][xm]?|od[tspg]|rtf|txt|csv|tsv|log|md|html?|xml|json|epub|pages|numbers"
    r"|zip|gz|tgz|tar|rar|7z|jpe?g|png|gif|webp|svg|bmp|tiff?|heic|heif|avif|psd|eps|mp[34]|m4[av]|avi|mov|3gp|mkv|webm"
    r"|wav|ogg|opus|aac|amr|flac|ics|vcf|eml|msg|exe|apk)",
    re.IGNORECASE | re.DOTALL,
)


def _header(component: t.HeaderComponent) -> None:
    _parameters(component, _NOT_IN_A_HEADER)
    for i, parameter in enumerate(component.parameters):
        at = f"parameters[{i}]"
        if isinstance(parameter, t.TextParameter) and len(parameter.text) > HEADER_TEXT_MAX:
            raise ValidationError(
                f"{at}.text",
                f"has {len(parameter.text)} characters",
                f"expected at most {HEADER_TEXT_MAX} in a header",
            )
        if isinstance(parameter, t.DocumentParameter):
            _must_be_pdf(parameter.document, f"{at}.document")


def _must_be_pdf(document: t.Document, at: str) -> None:
    link = None if document.link is None else re.split(r"[?#]", document.link, maxsplit=1)[0]
    caption = document.caption if document.filename is None else None
    for name, where in ((document.filename, "filename"), (caption, "caption"), (link, "link")):
        if name is not None and _NOT_PDF.fullmatch(name):
            raise ValidationError(
                f"{at}.{where}", f"names {shortened(name)}", "expected a PDF in a template's header"
            )


def _body(component: t.BodyComponent) -> None:
    _parameters(component, _NOT_IN_A_BODY)


def _button(component: t.ButtonComponent) -> None:
    wanted = t.PayloadParameter if component.sub_type == "quick_reply" else t.TextParameter
    for i, parameter in enumerate(component.parameters):
        if type(parameter) is not wanted:
            kind = "payload" if wanted is t.PayloadParameter else "text"
            raise ValidationError(
                f"parameters[{i}].type",
                f"is {_tag(parameter)}",
                f"expected {kind} for a {component.sub_type} button",
            )
    if len(component.parameters) != 1:
        raise ValidationError(
            "parameters", f"has {len(component.parameters)} entries", "expected one for a button"
        )


BODY_PARAMETERS: tuple[type[Struct], ...] = (t.TextParameter, t.CurrencyParameter, t.DateTimeParameter)
"""What may stand in a template's body, where at least one has to."""

_NOT_IN_A_HEADER: frozenset[type[Struct]] = frozenset([t.PayloadParameter])
_NOT_IN_A_BODY: frozenset[type[Struct]] = frozenset(structs_in(t.Parameter)) - frozenset(BODY_PARAMETERS)


def _parameters(component: t.Component, refused: frozenset[type[Struct]]) -> None:
    if not component.parameters:
        raise ValidationError("parameters", "is empty", "expected the values of the component's variables")
    for i, parameter in enumerate(component.parameters):
        if type(parameter) in refused:
            media = type(parameter) is not t.PayloadParameter
            place = "media only in the header" if media else "a payload only in a quick_reply button"
            raise ValidationError(f"parameters[{i}].type", f"is {_tag(parameter)}", f"expected {place}")


def _components(template: t.Template) -> None:
    components = template.components or ()
    if len(components) < 2:
        return
    seen: set[object] = set()
    for i, component in enumerate(components):
        key = component.index if isinstance(component, t.ButtonComponent) else type(component)
        if key in seen:
            what = f"index {key!r}" if isinstance(key, str) else f"component {_tag(component)}"
            raise ValidationError(
                f"components[{i}]", f"repeats {what}", "expected each once, buttons by index"
            )
        seen.add(key)


def _moment(moment: t.DateTime) -> None:
    parts = (
        moment.day_of_week,
        moment.day_of_month,
        moment.year,
        moment.month,
        moment.hour,
        moment.minute,
    )
    given = any(part is not None for part in parts)
    if moment.timestamp is None and not given:
        raise ValidationError(
            "", "has neither timestamp nor parts", "expected timestamp, or day, month, hour …"
        )
    if moment.timestamp is not None and given:
        raise ValidationError("timestamp", "is set beside day, month, hour …", "expected one form, not both")


def _tag(struct: Struct) -> str:
    return str(type(struct).__struct_config__.tag)


RELATIONS: dict[type[Struct], Callable[..., None]] = {
    **dict.fromkeys((t.Image, t.Video, m.Audio, m.Sticker), _id_or_link),
    t.Document: _document,
    t.DateTime: _moment,
    t.HeaderComponent: _header,
    t.BodyComponent: _body,
    t.ButtonComponent: _button,
    t.Template: _components,
}
"""What the fields of one struct must be to each other. Each raises ValidationError, with a path that
begins at its struct."""
