"""A field of the request, bound to the columns that fill it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from wa_bulk.api.phone_number import NoCountryError, e164
from wa_bulk.api.rules import NUMBER_RULE, TextRule, fast_test
from wa_bulk.campaign.request.compiler import Field

COUNTRY_RULE = (
    "expected it with its country code, such as +447911123456, "
    'or country = "US" (the country of such numbers) at the top of the campaign'
)

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}").fullmatch


class RowRefused(Exception):
    """A row that the API would refuse, so that it is not sent. `columns` are the CSV's names.

    Its text begins with what the user sees, the columns, and ends with what they do not, the request's field.
    It is the same for all rows with the same problem, so that a report can count them together.
    """

    def __init__(self, field: str, columns: Sequence[str], fault: str, rule: str) -> None:
        super().__init__(field, columns, fault, rule)
        self.field = field
        self.columns = columns
        self.fault = fault
        self.rule = rule

    def __str__(self) -> str:
        if not self.columns:
            return f"{self.field}: {self.fault}; {self.rule}"
        separator = "; " if ": " in self.fault else ": "
        return f"{' + '.join(self.columns)} {self.fault}{separator}{self.rule} ({self.field})"


class BoundField:
    """A field, with the columns of the CSV that fill it; `column` is the first.

    `country` is whose numbers those without a country code are (ISO 3166), None where that is not known.
    """

    def __init__(self, field: Field, header: list[str], country: str | None = None) -> None:
        self.field = field
        self._country = country
        self._names = field.columns
        self._format = "".join(
            piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in field.pieces
        )
        self._columns = [header.index(name) for name in field.columns]
        self.column = self._columns[0]
        rule = field.rule
        self.is_fine = _is_not_blank if rule is None else fast_test(rule)
        self.longest = rule.longest if isinstance(rule, TextRule) else sys.maxsize

    def value(self, values: Sequence[str]) -> str | int:
        """Return the field's value for a row. Raises RowRefused."""
        match self.field.kind:
            case "whole":
                return self._whole(values)
            case "number":
                return self.number(values)
        texts = [values[column] for column in self._columns]
        whole = self._whole_text(texts)
        if "" in texts or not self.is_fine(whole):
            raise self._refused(values, whole)
        return whole

    def raw(self, values: Sequence[str]) -> str:
        """Return the field's text for a row, unchecked."""
        return self._whole_text([values[column] for column in self._columns])

    def number(self, values: Sequence[str]) -> str:
        """Return the field's phone number for a row, in E.164 form.

        Raises RowRefused, also where a part is empty: what is left may be somebody else's number.
        """
        if not self.field.is_one_column and not all(values[column].strip() for column in self._columns):
            raise self._refused(values, "")
        try:
            return e164(self.raw(values), self._country)
        except NoCountryError as error:
            raise RowRefused(self.field.path, self._names, str(error), COUNTRY_RULE) from None
        except ValueError as error:
            raise RowRefused(self.field.path, self._names, str(error), NUMBER_RULE) from None

    def _whole(self, values: Sequence[str]) -> int:
        text = values[self.column].strip()
        rule = self.field.rule
        assert rule is not None
        if not _WHOLE(text):
            fault: str | None = f"is {text!r}, not a whole number" if text else "is empty"
        else:
            fault = rule.fault(int(text))
        if fault:
            raise RowRefused(self.field.path, self._names, fault, rule.expects)
        return int(text)

    def _refused(self, values: Sequence[str], whole: str) -> RowRefused:
        for name, column in zip(self._names, self._columns, strict=True):
            if not values[column] or values[column].isspace():
                return RowRefused(self.field.path, [name], "is empty", "fill it in")
        rule = self.field.rule
        assert rule is not None
        return RowRefused(self.field.path, self._names, rule.fault(whole) or "is refused", rule.expects)

    def _whole_text(self, texts: Sequence[str]) -> str:
        return texts[0] if self.field.is_one_column else self._format % tuple(texts)


def _is_not_blank(text: str) -> bool:
    return bool(text) and not text.isspace()
