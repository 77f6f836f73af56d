"""A field of the request, bound to the columns that fill it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from msgspec.structs import replace

from wa_bulk.api import ValidationError
from wa_bulk.api.invisible import code_points, is_blank
from wa_bulk.api.phone_number import NoCountryError, e164, has_country_code
from wa_bulk.api.rules import LINK, NUMBER_RULE, TextRule, fast_test
from wa_bulk.campaign.request.bare_numbers import BareNumbers
from wa_bulk.campaign.request.field import Field, value_of
from wa_bulk.campaign.sources.base import CELL_MAX

COUNTRY_RULE = (
    "expected it with its country code, such as +447911123456, "
    'or country = "{}" (the country of such numbers) at the top of the campaign'
)


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
        self.place = ""
        """Such as "row 57, line 58", where it is told to a person who asked for that row."""

    def __str__(self) -> str:
        place = f" ({self.place})" if self.place else ""
        if not self.columns:
            return f"{self.field}: {self.fault}{place}; {self.rule}"
        separator = "; " if ": " in self.fault else ": "
        return f"{' + '.join(self.columns)} {self.fault}{place}{separator}{self.rule} ({self.field})"


class BoundField:
    """A field, with the columns of the CSV that fill it; `column` is the first.

    `country` is whose numbers those without a country code are (ISO 3166), None where that is not known; then
    `bare` knows whether that is to be asked.
    """

    def __init__(
        self,
        field: Field,
        header: list[str],
        country: str | None = None,
        bare: BareNumbers | None = None,
    ) -> None:
        self.field = field
        self._country = country
        self._bare = bare if country is None else None
        self._format = "".join(
            piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in field.pieces
        )
        self._places = [(header.index(place.name), place) for place in field.places]
        self._columns = [column for column, _ in self._places]
        self.column = self._columns[0]
        rule = field.rule
        self.longest = min(rule.longest, CELL_MAX) if isinstance(rule, TextRule) else CELL_MAX
        bounded = replace(rule, max_length=self.longest) if isinstance(rule, TextRule) else rule
        self.is_fine = _is_short if bounded is None else fast_test(bounded)
        first_encoded = 0 if isinstance(field.pieces[0], str) else 1
        self._encoded = range(first_encoded, len(self._columns)) if rule is LINK else range(0)
        """Which of the columns stand within a link, and not at its very beginning."""

    @property
    def is_plain(self) -> bool:
        """Whether its value is the text of one column, as it is."""
        return self.field.is_one_column and self.field.kind == "text" and self.field.fallback is None

    def value(self, values: Sequence[str]) -> str | int | float:
        """Return the field's value for a row. Raises RowRefused."""
        if self.field.kind == "number":
            return self.number(values)
        whole = self._whole_text(self._texts(values))
        if self.field.kind == "text" and self.is_fine(whole):
            return whole
        try:
            return value_of(self.field, whole)
        except ValidationError as error:
            raise RowRefused(self.field.path, self.field.columns, error.fault, error.rule) from None

    def raw(self, values: Sequence[str]) -> str:
        """Return the field's text for a row, unchecked."""
        return self._whole_text([values[column] for column in self._columns])

    def number(self, values: Sequence[str]) -> str:
        """Return the field's phone number for a row, in E.164 form.

        Raises RowRefused, also where a part is empty: what is left may be somebody else's number.
        """
        if self.field.is_one_column and self.field.fallback is None:
            text = values[self.column]
        else:
            text = self._whole_text(self._texts(values))
        try:
            number = e164(text, self._country)
        except NoCountryError as error:
            raise self._without_country(str(error)) from None
        except ValueError as error:
            raise RowRefused(self.field.path, self.field.columns, str(error), NUMBER_RULE) from None
        if self._bare is None or text.startswith("+") or has_country_code(text):
            return number
        if countries := self.countries_to_ask_for():
            raise self._without_country(
                f"{text!r} has no country code, and most such numbers of the file could be numbers within "
                f"{' or '.join(countries)}"
            )
        return number

    def countries_to_ask_for(self) -> list[str]:
        """Return the countries whose own most numbers without a country code could be, so that none is read.

        Raises SourceError.
        """
        return self._bare.countries(self.raw) if self._bare is not None else []

    def _without_country(self, fault: str) -> RowRefused:
        rule = COUNTRY_RULE.format(next(iter(self.countries_to_ask_for()), "US"))
        return RowRefused(self.field.path, self.field.columns, fault, rule)

    def _texts(self, values: Sequence[str]) -> list[str]:
        """Return the columns' texts, or their fallbacks, as they stand in the field."""
        texts = [values[column] for column in self._columns]
        for at, text in enumerate(texts):
            if is_blank(text):
                place = self._places[at][1]
                if place.fallback is None:
                    raise self._empty(place.name, text)
                texts[at] = place.fallback
        for at in self._encoded:
            texts[at] = quote(texts[at])
        return texts

    def _empty(self, name: str, text: str) -> RowRefused:
        fault = "is empty" if not text or text.isspace() else f"is empty but for {code_points(text)}"
        mend = "fill it"
        if self.field.kind != "number":
            mend += f", or write {{{name}|{'friend' if 'name' in name.lower() else '…'}}}"
        return RowRefused(self.field.path, [name], fault, mend)

    def _whole_text(self, texts: list[str]) -> str:
        return texts[0] if self.field.is_one_column else self._format % tuple(texts)


def _is_short(text: str) -> bool:
    return len(text) <= CELL_MAX
