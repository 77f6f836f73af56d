"""TOML as people write it: read, or in words what is wrong with it, in which line, and how to mend it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

from wa_bulk.api.invisible import INVISIBLE, code_points

DEPTH_MAX = 50
_WHOLE_MIN, _WHOLE_MAX = -(2**63), 2**63 - 1
_SHOWN_AROUND = 60

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_CURLY = re.compile("[“”„‟«»‘’‚‛]")
_KEY_AND_VALUE = re.compile(r"""\s*(?P<key>[\w.\-"']+)\s*=\s*(?P<value>.*?)\s*(?:\s#.*)?$""")
_ODD_BLANK = re.compile(rf"[^\S\t\n\r ]|(?![\t\n\r])[{INVISIBLE}]").search
_HUGE_NUMBER = re.compile(r"\d{4300,}")


class TomlError(ValueError):
    """A text is not TOML. It says what is wrong, then shows the line with a mark under the place, then how to
    mend it. `line` counts from 1; None where no line is to blame."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


class _Place(NamedTuple):
    line: int
    column: int
    """Both from 1."""


def parse(data: bytes) -> dict[str, Any]:
    """Read TOML in UTF-8, with or without a byte order mark. Raises TomlError."""
    text = _decoded(data)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _in_words(str(error), text) from None
    except RecursionError:
        raise TomlError("is nested too deeply; no message is like that") from None
    except ValueError:  # Python's limit for a number's digits
        number = _HUGE_NUMBER.search(text)
        line = text.count("\n", 0, number.start()) + 1 if number else 1
        raise TomlError("holds a number of thousands of digits", line) from None
    _check_values(table)
    return table


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        raise TomlError("is not UTF-8 but UTF-16 text: save it as UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        after = data.find(b"\n", start)
        guess = data[start : after if after >= 0 else len(data)].decode("cp1252", "replace").rstrip()
        raise TomlError(
            f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8\n"
            f"As Windows-1252 the line would be: {guess[:_SHOWN_AROUND]}",
            line,
        ) from None


def _check_values(table: dict[str, object]) -> None:
    """Raise TomlError for what TOML allows, or does not forbid, and no request can hold."""
    rest: list[tuple[str, object, int]] = [("", table, 0)]
    while rest:
        name, value, depth = rest.pop()
        if depth > DEPTH_MAX:
            raise TomlError(f"{name.split('.')[0]}: is nested too deeply; no message is like that")
        if isinstance(value, dict):
            rest += ((f"{name}.{key}" if name else key, item, depth + 1) for key, item in value.items())
        elif isinstance(value, list):
            rest += ((name, item, depth + 1) for item in value)
        elif isinstance(value, int) and not _WHOLE_MIN <= value <= _WHOLE_MAX:
            raise TomlError(f"{name}: is a number beyond {_WHOLE_MAX}, the largest that TOML has")
        elif isinstance(value, float) and not isfinite(value):
            raise TomlError(f"{name} = {value}: expected a number that JSON can hold")


def _in_words(error: str, text: str) -> TomlError:
    found = _PLACE.search(error)
    problem = error[: found.start()] if found else error
    lines = text.split("\n")
    if found and found[1]:
        place = _Place(int(found[1]), int(found[2]))
    else:
        last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
        place = _Place(last, len(lines[last - 1].rstrip()) + 1)
    for rule in _RULES:
        if told := rule(problem, lines, place):
            what, place, mend = told
            break
    else:
        what, mend = f"{problem[:1].lower()}{problem[1:]}", ""
    shown = _shown(lines[place.line - 1], place)
    return TomlError("\n".join(filter(None, (f"is not TOML: {what}", *shown, mend))), place.line)


def _shown(line: str, place: _Place) -> tuple[str, str]:
    """Return the line, or what is around the place in it, and a mark under the place."""
    first = max(0, place.column - 1 - _SHOWN_AROUND)
    number = f"{place.line} | "
    before = line[first : place.column - 1]
    return (
        number + line[first : place.column + _SHOWN_AROUND].replace("\t", " "),
        " " * len(number) + " " * len(before) + "^",
    )


_Told = tuple[str, _Place, str]
"""What is wrong, where, and how to mend it."""


def _curly_quotes(_problem: str, lines: list[str], place: _Place) -> _Told | None:
    line = lines[place.line - 1]
    outside = re.sub(r'"[^"]*"' + r"|'[^']*'", lambda found: " " * len(found[0]), line)
    if (found := _CURLY.search(outside)) is None:
        return None
    mended = _CURLY.sub('"', line.strip())
    at = _Place(place.line, found.start() + 1)
    return f"{found[0]} is a typographic quote", at, f"Write: {mended}"


def _odd_blank(_problem: str, lines: list[str], place: _Place) -> _Told | None:
    line = lines[place.line - 1]
    outside = re.sub(r'"[^"]*"' + r"|'[^']*'|#.*", lambda found: "x" * len(found[0]), line)
    if (found := _ODD_BLANK(outside)) is None:
        return None
    seen = "looks like a blank and is none" if found[0].isspace() else "cannot be seen"
    at = _Place(place.line, found.start() + 1)
    return f"{code_points(found[0])} {seen}", at, "Delete it, and type the line's blanks again"


def _backslash(problem: str, lines: list[str], place: _Place) -> _Told | None:
    line = lines[place.line - 1]
    if "\\" not in line or not ("hex value" in problem or "Unescaped" in problem):
        return None
    at = _Place(place.line, line.rfind("\\", 0, place.column) + 1)
    path = re.search(r'"([^"]*)"', line)
    written = f"'{path[1]}'" if path else "'…'"
    return 'in "…" a backslash begins an escape', at, f"Write {written} in single quotes, or / instead of \\"


def _no_equals(problem: str, lines: list[str], place: _Place) -> _Told | None:
    if not problem.startswith("Expected '=' after a key"):
        return None
    line = lines[place.line - 1]
    if found := re.search(r"=\s*(\{\w+\??\})\s*$", line):
        return (
            "a placeholder stands in quotes",
            _Place(place.line, found.start(1) + 1),
            f'Write: {line[: found.start(1)].strip()} "{found[1]}"',
        )
    if found := re.match(r"\s*([\w.-]+)\s*:\s*(.*\S)\s*$", line):
        return (
            "= stands between key and value, not a colon",
            place,
            f"Write: {found[1]} = {_quoted(found[2])}",
        )
    if found := re.match(r"\s*([\w.-]+)\s+([^=\s].*\S)\s*$", line):
        return "there is no = between key and value", place, f"Write: {found[1]} = {_quoted(found[2])}"
    return "there is no = behind the key", place, "A line is key = value, or a [table]"


def _set_twice(problem: str, lines: list[str], place: _Place) -> _Told | None:
    line = lines[place.line - 1]
    if problem.startswith("Cannot declare"):
        name = line.strip().strip("[] ")
        first = _first_line(rf"\s*\[+\s*{re.escape(name)}\s*\]", lines, place.line)
        return f"[{name}] is there twice{first}", _Place(place.line, line.find("[") + 1), "Make one of both"
    if problem.startswith("Cannot overwrite") and (found := _KEY_AND_VALUE.match(line)):
        first = _first_line(rf"\s*{re.escape(found['key'])}\s*=", lines, place.line)
        at = _Place(place.line, found.start("key") + 1)
        return f"{found['key']} is set twice{first}", at, "Delete one of both"
    return None


def _first_line(pattern: str, lines: list[str], before: int) -> str:
    matches = re.compile(pattern).match
    number = next((number for number, line in enumerate(lines[: before - 1], 1) if matches(line)), None)
    return f", first in line {number}" if number else ""


def _not_closed(problem: str, lines: list[str], place: _Place) -> _Told | None:
    line = lines[place.line - 1]
    in_one_line = problem.startswith("Illegal character '\\n'")
    if in_one_line or problem.startswith(("Unterminated string", 'Expected "\'"')):
        for mark in ('"""', "'''"):
            if (opened := _last_with(mark, lines)) is not None:
                return f"the text that {mark} opens is not closed", opened, f"Close it with {mark}"
        mark = "'" if problem.startswith("Expected") or (line.count("'") % 2 and '"' not in line) else '"'
        at = _Place(place.line, (line.find(mark, line.find("=") + 1) if mark in line else 0) + 1)
        return "the text that is opened here is not closed", at, f"Close it with {mark}"
    for what, mark, closing in (("Unclosed array", "[", "]"), ("Unclosed inline table", "{", "}")):
        if problem.startswith(what):
            for number in range(place.line, 0, -1):
                found = lines[number - 1]
                if found.count(mark) > found.count(closing):
                    at = _Place(number, found.rfind(mark) + 1)
                    return f"{mark} is not closed, or a comma is missing", at, f"Close it with {closing}"
            return "a comma is missing", place, ""
    if problem.startswith("Invalid initial character for a key part") and "{" in line:
        return "a table in { } stands in one line, without a comma at its end", place, ""
    return None


def _last_with(mark: str, lines: list[str]) -> _Place | None:
    """Return where `mark` is for the last time, if it is there an odd number of times."""
    if "\n".join(lines).count(mark) % 2 == 0:
        return None
    number = max(number for number, line in enumerate(lines, 1) if mark in line)
    return _Place(number, lines[number - 1].rfind(mark) + 1)


def _no_statement(problem: str, lines: list[str], place: _Place) -> _Told | None:
    if problem.startswith("Expected ']"):
        at = _Place(place.line, lines[place.line - 1].find("[") + 1)
        return "the name of a table is not closed", at, "Write: [message] or, for one of several, [[...]]"
    if problem.startswith("Invalid statement"):
        return "this is no line of TOML", place, "A line is key = value, [table], or a comment behind a #"
    return None


def _value(problem: str, lines: list[str], place: _Place) -> _Told | None:
    if not problem.startswith(("Invalid value", "Expected newline or end of document")):
        return None
    line = lines[place.line - 1]
    found = _KEY_AND_VALUE.match(line)
    if found is None:
        return None
    key, value = found["key"], found["value"]
    at = _Place(place.line, found.start("value") + 1)
    if not value:
        return f"there is no value behind {key} =", at, ""
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        right = "true" if value.lower() in ("true", "yes", "on") else "false"
        return f"{value} is no value", at, f"Write: {key} = {right}"
    if "//" in value and not value.startswith(("http", "//")) and place.column > at.column:
        return "a comment begins with #", _Place(place.line, line.find("//") + 1), ""
    if re.search(r"""\s[\w."'-]+\s*=""", re.sub(r'"[^"]*"|\'[^\']*\'', "", value)):
        return "there are two keys in this line", place, "Each has a line of its own"
    if found := re.fullmatch(r"(\d+)\s*(/|per)\s*s\w*", value):
        return "a number has no unit", at, f"Write: {key} = {found[1]}"
    if re.fullmatch(r"\d{1,3}(,\d{3})+|\d+,\d+", value):
        return (
            "a number has no comma",
            at,
            f"Write: {key} = {value.replace(',', '' if ',000' in value else '.')}",
        )
    if value[0] in "\"'[{":
        inner = value[1:].rfind(value[0])
        if value[0] in "\"'" and inner > 0 and value[1 : inner + 1].count(value[0]):
            other = "'" if value[0] == '"' else '"'
            return (
                f"the text ends before its end, at the second {value[0]}",
                place,
                f"Write {value[0]} within a text as \\{value[0]}"
                if value[0] == '"'
                else f"Put the text between {other}",
            )
        return "there is something behind the value", place, "Each key has a line of its own"
    return "text stands in quotes", at, f"Write: {key} = {_quoted(value)}"


def _quoted(value: str) -> str:
    return (
        value
        if value[:1] in "\"'[{" or value in ("true", "false") or re.fullmatch(r"0|[1-9]\d*", value)
        else f'"{value}"'
    )


_RULES: tuple[Callable[[str, list[str], _Place], _Told | None], ...] = (
    _curly_quotes,
    _odd_blank,
    _backslash,
    _no_equals,
    _set_twice,
    _not_closed,
    _no_statement,
    _value,
)
