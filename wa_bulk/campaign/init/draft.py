"""The campaign file that `wa-bulk init` writes: everything in place, and what is left to a person marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

import msgspec

from wa_bulk.api.account_template import AccountTemplate, OtherComponent
from wa_bulk.api.template_definition import (
    VARIABLE,
    BodyDefinition,
    Button,
    ButtonsDefinition,
    HeaderDefinition,
)
from wa_bulk.campaign.file import MARK
from wa_bulk.campaign.init.columns import Table, TableColumn
from wa_bulk.campaign.init.matching import Variable, match, variables_of
from wa_bulk.campaign.request.placeholder import Column, split

MediaKind = Literal["image", "video", "audio", "document", "sticker"]

_EXTENSIONS: dict[str, str] = {
    "image": "jpg jpeg png",
    "video": "mp4 3gp",
    "audio": "mp3 aac amr m4a ogg",
    "document": "pdf",
    "sticker": "webp",
}
_BRACE = re.compile(r"[{}]").search
_CELLS_SHOWN = 40


class Draft:
    """A campaign file in the making; `text` gives the file, `marks` counts what is left to a person.

    To be filled by one of `add_template`, `add_text` and `add_media`.
    """

    def __init__(
        self, name: str, recipients: str, table: Table, reading: Mapping[str, object] | None = None
    ) -> None:
        """Begin it; `reading` are the keys that say how the recipients are read, such as `country`."""
        self.marks = 0
        self._language = table.language
        self._columns = [one for one in table.others if not _BRACE(one.name)]
        self._used: set[str] = set()
        self._lines = [f"name = {_toml(name)}", f"recipients = {_toml(recipients)}"]
        self._lines += [f"{key} = {_toml(str(value))}" for key, value in (reading or {}).items()]
        self._add("rate = 80", "messages a second for each sending number, WhatsApp's own limit")
        number = table.number
        if number is not None and number.national:
            self.marks += 1
            self._lines.append(
                f"# {MARK}: whose numbers {_one_line(_told(number))} are; they lack a country code"
            )
            self._lines.append('# country = "GB"')
        self._lines += ["", "[message]"]
        self._add('# from = "+…"', "your sending number; the account's first one unless given")
        if number is None:
            column = self._use(self._columns[0]) if self._columns else "{phone}"
            self._mark(f"to = {_toml(column)}", "the column with the phone numbers")
        else:
            self._add(f"to = {_toml(f'{{{number.name}}}')}", _told(number))
        self._lines += ["", "[message.body]"]

    def text(self) -> str:
        """Return the campaign file."""
        unused = ", ".join(one.name for one in self._columns if one.name not in self._used)
        return "\n".join([*self._lines, *(["", f"# Not used: {unused}"] if unused else [])]) + "\n"

    def add_text(self, text: str | None) -> None:
        """Send a text, which may hold {column}; None leaves it to a person."""
        self._lines += ['type = "text"', "", "[message.body.text]"]
        if text is not None:
            self._lines.append(f"body = {_toml(text)}")
            self._note_columns_of(text)
            return
        name = next(
            (one for one in self._columns if one.words & {"name", "vorname", "nombre", "prenom"}), None
        )
        greeting = "Hello" if name is None else f"Hello {self._use(name)}"
        self._mark(f"body = {_toml(greeting)}", "what you want to say")

    def add_media(self, kind: MediaKind, link: str | None) -> None:
        """Send a picture, film, sound, document or sticker; without `link`, by the column that has links."""
        self._lines += [f'type = "{kind}"', "", f"[message.body.{kind}]"]
        self._link(kind, link)
        if kind in ("image", "video", "document"):
            self._lines.append('# caption = "…"')
        if kind == "document":
            self._add('# filename = "….pdf"', "what the recipient sees; the caption unless given")

    def add_template(self, name: str, language: str | None, definition: AccountTemplate | None) -> None:
        """Send a template; without a `language`, in each row's own.

        Without its `definition`, what it takes is marked.
        """
        self._lines += ['type = "template"', "", "[message.body.template]", f"name = {_toml(name)}"]
        if language is not None:
            self._lines.append(f"language = {_toml(language)}")
        elif self._language is not None:
            self._add(f"language = {_toml(f'{{{self._language.name}}}')}", _told(self._language))
        else:
            self._mark('language = "en"', "the language of the template")
        if definition is None:
            self._what_it_takes()
            return
        for component in definition.components:
            match component:
                case HeaderDefinition():
                    self._header(component)
                case BodyDefinition(text=text, example=example):
                    examples = example.body_text[0] if example and example.body_text else []
                    self._lines += ["", *(f"# {line}".rstrip() for line in text.splitlines())]
                    self._texts("body", variables_of(text, examples))
                case ButtonsDefinition(buttons=buttons):
                    for place, button in enumerate(buttons):
                        self._button(place, button)
                case OtherComponent(type=kind) if kind.upper() != "FOOTER":
                    self._lines.append(f"# {MARK}: this version cannot read what its {kind.lower()} take")
                    self.marks += 1

    def _header(self, header: HeaderDefinition) -> None:
        kind = header.format.lower()
        if kind == "text":
            examples = (header.example.header_text if header.example else None) or []
            self._lines += ["", f"# {header.text or ''}"]
            self._texts("header", variables_of(header.text or "", examples))
            return
        self._lines += ["", "[[message.body.template.components]]", 'type = "header"']
        self._lines += ["", "[[message.body.template.components.parameters]]", f'type = "{kind}"']
        self._lines += ["", f"[message.body.template.components.parameters.{kind}]"]
        self._link(kind, None)
        if kind == "document":
            self._add('# filename = "….pdf"', "what the recipient sees")

    def _button(self, place: int, button: Button) -> None:
        if not VARIABLE.search(button.url or ""):
            return
        example = [button.example] if isinstance(button.example, str) else button.example or []
        variables = variables_of(button.url or "", [one.rpartition("/")[2] for one in example])
        self._lines += ["", f"# Button {place + 1}, {button.text}: {button.url}"]
        self._texts("button", variables, 'sub_type = "url"', f'index = "{place}"')

    def _texts(self, kind: str, variables: Sequence[Variable], *more: str) -> None:
        """Add the component that brings the values of these variables."""
        if not variables:
            return
        self._lines += ["[[message.body.template.components]]", f'type = "{kind}"', *more, "parameters = ["]
        for variable, column in zip(variables, match(variables, self._columns), strict=True):
            such = f"{{{{{variable.number}}}}}{f', such as {variable.example}' if variable.example else ''}"
            value = f"{{{{{variable.number}}}}}" if column is None else self._use(column)
            line = f'  {{ type = "text", text = {_toml(value)} }},'
            if column is None:
                self._mark(line, such)
            else:
                self._add(line, such)
        self._lines.append("]")

    def _what_it_takes(self) -> None:
        self.marks += 1
        self._lines += [
            "",
            f"# {MARK}: the account could not be asked what the template takes. Where its text has",
            "# variables, take the # from these lines, and leave one value for each of {{1}}, {{2}} …",
            "# [[message.body.template.components]]",
            '# type = "body"',
            "# parameters = [",
            *(f'#   {{ type = "text", text = {_toml(self._use(one))} }},' for one in self._columns),
            "# ]",
        ]

    def _link(self, kind: str, link: str | None) -> None:
        if link is not None:
            self._lines.append(f"link = {_toml(link)}")
            self._note_columns_of(link)
            return
        columns = [one for one in self._columns if one.kind == "link" and _leads_to(one) in (None, kind)]
        of_kind = [one for one in columns if _leads_to(one) == kind or kind in one.words] or columns
        if len(of_kind) == 1:
            column = of_kind[0]
            self._add(f"link = {_toml(self._use(column))}", _told(column))
        else:
            self._mark(
                f'link = "https://example.com/fill-in.{_EXTENSIONS[kind].split()[0]}"', f"the {kind}'s link"
            )

    def _note_columns_of(self, text: str) -> None:
        """Count the columns of a text that a person gave as used, as far as it can be read."""
        with suppress(ValueError):
            pieces = split(text, [one.name for one in self._columns])
            self._used |= {piece.name for piece in pieces if isinstance(piece, Column)}

    def _use(self, column: TableColumn) -> str:
        """Return the placeholder of a column, which counts as used."""
        self._used.add(column.name)
        return f"{{{column.name}}}"

    def _add(self, line: str, comment: str) -> None:
        self._lines.append(f"{line}  # {_one_line(comment)}")

    def _mark(self, line: str, comment: str) -> None:
        self.marks += 1
        self._add(line, f"{MARK}: {comment}")


def _leads_to(column: TableColumn) -> str | None:
    """Return the kind of medium that a column's links end in, None where they do not tell."""
    endings = {cell.lower().partition("?")[0].rpartition(".")[2] for cell in column.cells}
    return next((kind for kind, known in _EXTENSIONS.items() if endings <= {*known.split()}), None)


def _told(column: TableColumn) -> str:
    """Return the first cells of a column, such as `+447911123456, …`."""
    return f"such as {column.cells[0][:_CELLS_SHOWN]}" if column.cells else f"the column {column.name}"


def _one_line(text: str) -> str:
    """Return what a TOML comment can hold."""
    return "".join(character if character.isprintable() else " " for character in text)


def _toml(text: str) -> str:
    """Return a text as a TOML string. JSON's escapes are among TOML's."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
