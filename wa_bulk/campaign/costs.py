"""What a campaign will cost: its messages by country and category, at prices that somebody has listed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from msgspec import Struct

from wa_bulk.api.number_plan import COUNTRIES, country_named
from wa_bulk.api.number_plan_data import PLANS
from wa_bulk.api.template_definition import Category
from wa_bulk.campaign.small_file import read_small
from wa_bulk.campaign.template_check import AccountTemplates

ANY = "*"
"""In a list of rates: every country, or every category, that has no line of its own."""

NOT_TEMPLATES = "SERVICE"
"""The category of messages that are no templates."""

_COLUMNS = ("country", "category", "price", "currency")
_TODAY = {"OTP": "AUTHENTICATION", "TRANSACTIONAL": "UTILITY"}
"""How the older categories are called now."""
_CATEGORIES = (*get_args(Category), NOT_TEMPLATES)
"""Those we know. Meta adds some now and then, which are taken as they are."""

Destinations = Mapping[tuple[str, tuple[str, str]], int]
"""Messages by country (ISO 3166; "" where it is not known) and by a template's name and language."""


class RatesError(Exception):
    """A list of rates that cannot be used; the text says where and how to mend it."""


class Rate(Struct, frozen=True):
    """The price of one message."""

    price: Decimal
    currency: str


Rates = Mapping[tuple[str, str], Rate]
"""Prices by country and category, each of which may be ANY."""


class Cost(Struct, frozen=True):
    """Messages to one country in one category.

    `category` is empty where the account did not tell it. `price`, for one message, and `sum` are in
    `currency`; they are None without a rate.
    """

    country: str
    category: str
    messages: int
    price: float | None = None
    sum: float | None = None
    currency: str | None = None


def by_category(destinations: Destinations, account: AccountTemplates) -> list[Cost]:
    """Count messages by country and category, the most first, without prices."""
    categories = {
        (one.name, one.language): one.category.upper()
        for lookup in account.lookups.values()
        for one in lookup.found
    }
    counts: Counter[tuple[str, str]] = Counter()
    for (country, template), messages in destinations.items():
        category = categories.get(template, "") if template[0] else NOT_TEMPLATES
        counts[country, _TODAY.get(category, category)] += messages
    return [
        Cost(country, category, messages)
        for (country, category), messages in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def priced(costs: Sequence[Cost], rates: Rates) -> list[Cost]:
    """Return the same with their prices, where there are rates for them."""
    return [_priced(cost, rates) for cost in costs]


def sums(costs: Sequence[Cost]) -> dict[str, float]:
    """Add up what is priced, by currency."""
    found: dict[str, Decimal] = {}
    for cost in costs:
        if cost.currency is not None and cost.price is not None:
            price = Decimal(str(cost.price)) * cost.messages
            found[cost.currency] = found.get(cost.currency, Decimal()) + price
    return {currency: float(total) for currency, total in found.items()}


def read_rates(path: Path) -> Rates:
    """Read a CSV with the columns country, category, price and currency. Raises RatesError and OSError.

    The country is ISO 3166's two letters, the category one of Meta's or SERVICE, and either may be `*`; the
    price is for one message, with a point before its decimals, or a comma where none stands between cells.
    """
    rates: dict[tuple[str, str], Rate] = {}
    data = read_small(path)
    try:
        text = data.decode("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = [name.strip().lower() for name in lines.fieldnames or []]
        if missing := [name for name in _COLUMNS if name not in header]:
            raise RatesError(
                f"{path}: has no column {missing[0]}; its first line must be {','.join(_COLUMNS)}"
            )
        lines.fieldnames = header
        for cells in lines:
            key, rate = _rate(cells, f"{path}, line {lines.line_num}", delimiter)
            if rates.setdefault(key, rate) != rate:
                raise RatesError(f"{path}, line {lines.line_num}: {' '.join(key)} has another price above")
    except (csv.Error, UnicodeDecodeError) as error:
        raise RatesError(f"{path}: is no CSV in UTF-8: {error}") from None
    if not rates:
        raise RatesError(f"{path}: has no rates under its first line")
    return rates


def _rate(cells: Mapping[str, str | None], where: str, delimiter: str) -> tuple[tuple[str, str], Rate]:
    country, category, price, currency = ((cells.get(name) or "").strip() for name in _COLUMNS)
    try:
        country = country if country == ANY else country_named(country)
    except ValueError as error:
        raise RatesError(f"{where}, column country: {error}, or {ANY}") from None
    if delimiter != "," and "." not in price:
        price = price.replace(",", ".")
    try:
        amount = Decimal(price)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise RatesError(f"{where}, column price: is {price!r}; expected, say, 0.0125")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise RatesError(f"{where}, column currency: is {currency!r}; expected three letters such as USD")
    if not category:
        raise RatesError(f"{where}, column category: is empty; expected, say, MARKETING, or {ANY}")
    category = category.upper()
    if category not in _CATEGORIES and (near := get_close_matches(category, _CATEGORIES, n=1, cutoff=0.85)):
        raise RatesError(f"{where}, column category: is {category!r}; did you mean {near[0]!r}?")
    return (country, _TODAY.get(category, category)), Rate(amount, currency.upper())


def _priced(cost: Cost, rates: Rates) -> Cost:
    countries = (cost.country, _country_of_the_code(cost.country), ANY)
    keys = ((country, category) for country in countries for category in (cost.category, ANY))
    rate = next((rates[key] for key in keys if key in rates), None)
    if rate is None:
        return cost
    total = float(rate.price * cost.messages)
    return Cost(cost.country, cost.category, cost.messages, float(rate.price), total, rate.currency)


def _country_of_the_code(country: str) -> str:
    """Return the country that stands for a country code, such as GB for Guernsey: Meta's prices go by it."""
    code = COUNTRIES.get(country)
    return PLANS[code][0].split()[0] if code is not None else country
