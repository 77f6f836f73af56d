"""How a template looks: in a line of a list, and as the phone shows it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from wa_bulk.api.account_template import AccountTemplate, OtherComponent
from wa_bulk.api.template_definition import (
    VARIABLE,
    BodyDefinition,
    Button,
    ButtonsDefinition,
    FooterDefinition,
    HeaderDefinition,
    variables,
)
from wa_bulk.report.words import plain

STATUS_STYLES = {"APPROVED": "green", "PENDING": "yellow", "IN_APPEAL": "yellow", "PAUSED": "yellow"}
_BUBBLE_WIDTH = 52
_MARKS = {"URL": "↗", "PHONE_NUMBER": "☎", "QUICK_REPLY": "↩"}


def variables_in_words(template: AccountTemplate) -> str:
    """Say what a message must bring: `header image, body 3, button 1`."""
    return ", ".join(_needs(template)) or "none"


def _needs(template: AccountTemplate) -> Iterator[str]:
    for component in template.components:
        match component:
            case HeaderDefinition(format=kind) if kind.lower() != "text":
                yield f"header {kind.lower()}"
            case HeaderDefinition(text=str(text)) if VARIABLE.search(text):
                yield "header 1"
            case BodyDefinition(text=text) if numbers := variables(text):
                yield f"body {max(numbers)}"
            case ButtonsDefinition(buttons=buttons):
                for number, button in enumerate(buttons, 1):
                    if VARIABLE.search(button.url or ""):
                        yield f"button {number}"
            case OtherComponent(type=kind):
                yield f"{kind.lower() or 'a part'} (not known here)"


def on_the_phone(template: AccountTemplate, width: int) -> RenderableType:
    """Return the template as a message's bubble, its examples filled in, and what its variables are."""
    head = Text.assemble(
        (plain(template.name), "bold"),
        f"  {plain(template.language)}  {plain(template.category)}  ",
        (plain(template.status), STATUS_STYLES.get(template.status, "red")),
        (f"  id {plain(template.id)}" if template.id else "", "dim"),
    )
    parts: list[RenderableType] = []
    for component in template.components:
        parts += _parts(component)
    bubble = Panel(Group(*parts), width=min(_BUBBLE_WIDTH, width - 2), padding=(0, 1))
    told = Table.grid(padding=(0, 2, 0, 0))
    told.add_column(no_wrap=True)
    told.add_column(overflow="fold")
    for name, example in _variables(template):
        told.add_row(Text(name, "cyan"), Text(plain(example)))
    return Group(head, Padding(bubble, (0, 0, 0, 2)), Padding(told, (0, 0, 0, 4)))


def _parts(component: object) -> Iterator[RenderableType]:
    match component:
        case HeaderDefinition(format=kind, text=text):
            if kind.lower() == "text":
                examples = _header_example(component)
                yield _filled(text or "", examples, "bold")
            else:
                yield Text(f"[{kind.lower()}]", "bold cyan")
        case BodyDefinition(text=text):
            yield _filled(text, _body_example(component), "")
        case FooterDefinition(text=text):
            yield Text(plain(text), "dim")
        case ButtonsDefinition(buttons=buttons):
            yield Rule(style="dim")
            for button in buttons:
                yield Text(f"{_MARKS[button.type]} {plain(button.text)}", "blue", justify="center")
        case OtherComponent(type=kind, fields=fields):
            words = fields.get("text")
            yield Text(plain(words) if isinstance(words, str) else f"[{plain(kind.lower())}]", "dim italic")


def _filled(text: str, examples: list[str], style: str) -> Text:
    """Return a text with its examples in place of its variables; those without one stay."""
    filled = Text(style=style)
    cut = VARIABLE.split(text)
    for fixed, number in zip(cut[0::2], [*cut[1::2], ""], strict=True):
        filled.append("\n".join(map(plain, fixed.split("\n"))))
        if number:
            known = 1 <= int(number) <= len(examples)
            filled.append(plain(examples[int(number) - 1]) if known else f"{{{{{number}}}}}", "cyan")
    return filled


def _header_example(header: HeaderDefinition) -> list[str]:
    return (header.example.header_text if header.example else None) or []


def _body_example(body: BodyDefinition) -> list[str]:
    rows = body.example.body_text if body.example else []
    return rows[0] if rows else []


def _variables(template: AccountTemplate) -> Iterator[tuple[str, str]]:
    for component in template.components:
        match component:
            case HeaderDefinition(format=kind, text=text):
                if kind.lower() != "text":
                    yield "header", f"{kind.lower()}, by link or media id"
                elif VARIABLE.search(text or ""):
                    yield "header {{1}}", _such_as(_header_example(component), 1)
            case BodyDefinition(text=text):
                for number in sorted(set(variables(text))):
                    yield f"body {{{{{number}}}}}", _such_as(_body_example(component), number)
            case ButtonsDefinition(buttons=buttons):
                for number, button in enumerate(buttons, 1):
                    yield from _of_button(number, button)


def _of_button(number: int, button: Button) -> Iterator[tuple[str, str]]:
    if button.type == "URL":
        example = [button.example] if isinstance(button.example, str) else button.example or []
        such = f", {_such_as(example, 1)}" if VARIABLE.search(button.url or "") and example else ""
        yield f"button {number}", f"{button.url}{such}"
    elif button.type == "PHONE_NUMBER":
        yield f"button {number}", button.phone_number or ""


def _such_as(examples: list[str], number: int) -> str:
    return f"such as {examples[number - 1]}" if 1 <= number <= len(examples) else "no example"
