"""One pass over the rows, as a run would go over them: what would be sent to whom, what would not, and what
looks like a mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Literal

from msgspec import Struct

from wa_bulk.api.language import LANGUAGES, did_you_mean
from wa_bulk.api.media import media_of, odd_ending
from wa_bulk.api.message import TemplateBody
from wa_bulk.api.number_validity import number_doubt, region_of
from wa_bulk.api.rules import LINK
from wa_bulk.api.template import ButtonComponent, Template
from wa_bulk.campaign.doubtful_value import WORDS, link_doubt, may_be_doubtful, value_doubt
from wa_bulk.campaign.request.blueprint import Blueprint
from wa_bulk.campaign.request.field import in_links
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.rules.base import RowRule
from wa_bulk.campaign.run.row_check import LeftOut, RowCheck
from wa_bulk.campaign.sources.base import SourceRow
from wa_bulk.ledger.wording import in_common, words_of

CAUSES_KEPT = 1000
"""Causes told apart; what comes for further ones is only counted."""

ROWS_NAMED = 3
"""Of each cause."""

ROWS_BETWEEN_NEWS = 1024

FaultStatus = Literal["rejected", "skipped", "warning"]


class RowFault(Struct, frozen=True):
    """What is wrong with a row. `rejected` and `skipped` rows would not be sent; `warning` rows would.

    `row` counts rows of data, `line` is the line of the file it begins in, both from 1. `value` is what the
    row has in `column`, where the reason is about one.
    """

    row: int
    line: int
    to: str | None
    status: FaultStatus
    reason: str
    column: str = ""
    value: str = ""


class FaultCause(Struct):
    """The same problem in several rows. `reason` has … for values that differ; `first_rows` are the first
    of the `rows`, `first_line` is the line of the first."""

    status: FaultStatus
    reason: str
    column: str
    rows: int = 0
    first_rows: list[int] = []
    first_line: int = 0


class Examination(Struct):
    """What was found. `rows` were looked at, of which `ready` would be sent.

    `doubtful` counts ready rows whose number nobody can have, `warned` those with any other warning. The
    ready rows are counted by country (ISO 3166; "" where the number is doubtful), by template and language,
    by both (`destinations`), and, where these differ by row, by sending number. `first` is the first of them.
    """

    rows: int = 0
    ready: int = 0
    rejected: int = 0
    skipped: int = 0
    doubtful: int = 0
    warned: int = 0
    causes: list[FaultCause] = []
    countries: Counter[str] = Counter()
    templates: Counter[tuple[str, str]] = Counter()
    destinations: Counter[tuple[str, tuple[str, str]]] = Counter()
    senders: Counter[str | None] = Counter()
    first: RenderedRow | None = None


def examine(
    rows: Iterable[SourceRow],
    blueprint: Blueprint,
    rules: Sequence[RowRule],
    *,
    on_fault: Callable[[RowFault], object] | None = None,
    on_rows: Callable[[int], object] | None = None,
) -> Examination:
    """Go over `rows` as a run of these rules would. Each fault is handed to `on_fault`, and now and then the
    number of rows done to `on_rows`. Raises SourceError."""
    return _Examiner(blueprint, rules, on_fault).examine(rows, on_rows)


class _Examiner:
    def __init__(
        self, blueprint: Blueprint, rules: Sequence[RowRule], on_fault: Callable[[RowFault], object] | None
    ) -> None:
        self._check = RowCheck(blueprint, rules)
        self._header = blueprint.header
        self._on_fault = on_fault
        self._found = Examination(
            countries=Counter(), templates=Counter(), destinations=Counter(), senders=Counter(), causes=[]
        )
        self._causes: dict[object, FaultCause] = {}
        self._number = " + ".join(_columns(blueprint, ["to"]))
        self._senders_vary = blueprint.senders_vary
        self._language = blueprint.reader(f"{_TEMPLATE}.language")
        self._name = blueprint.reader(f"{_TEMPLATE}.name")
        body = blueprint.message.body
        template = body.template if isinstance(body, TemplateBody) else None
        self._template = ("", "") if template is None else (template.name, template.language)
        self._language_column = " + ".join(_columns(blueprint, [f"{_TEMPLATE}.language"]))
        shown = [field for field in blueprint.fields if field.path not in _JUDGED_OTHERWISE]
        suffixes = _link_suffixes(template)
        in_texts = {
            name
            for field in shown
            if field.rule is not LINK and not field.path.startswith(suffixes)
            for name in field.columns
        }
        self._cells = [
            (self._header.index(name), name, name not in in_texts)
            for name in dict.fromkeys(name for field in shown for name in field.columns)
        ]
        self._media = [
            (read, medium.kind, " + ".join(_columns(blueprint, [f"{medium.path}.link"])))
            for medium in media_of(blueprint.message)
            if (read := blueprint.reader(f"{medium.path}.link")) is not None
        ]
        self._link_cells = [
            (self._header.index(name), name)
            for name in dict.fromkeys(
                name for field in shown if field.rule is not LINK for name in in_links(field)
            )
        ]

    def examine(self, rows: Iterable[SourceRow], on_rows: Callable[[int], object] | None) -> Examination:
        found, check, cells_of = self._found, self._check.new, _getter([at for at, _, _ in self._cells])
        name_of, language_of, senders_vary = self._name, self._language, self._senders_vary
        counts: Counter[tuple[str, str, str]] = Counter()
        regions: list[str] = []
        names: list[str] = []
        languages: list[str] = []
        name, language = self._template

        def count() -> None:
            counts.update(zip(regions, names or repeat(name), languages or repeat(language), strict=False))
            for values in (regions, names, languages):
                values.clear()

        done = 0
        for done, row in enumerate(rows, 1):
            checked = check(row)
            if isinstance(checked, LeftOut):
                self._left_out(row, checked)
            else:
                region = region_of(checked.to)
                regions.append(region or "")
                if region is None:
                    self._doubtful_number(row, checked.to)
                if name_of is not None:
                    names.append(name_of(row.values))
                if language_of is not None:
                    own = language_of(row.values)
                    languages.append(own)
                    if own not in LANGUAGES:
                        self._unknown_language(row, checked.to, own)
                if senders_vary:
                    found.senders[checked.sender] += 1
                if cells_of is not None and may_be_doubtful(cells_of(row.values)):
                    self._doubtful_values(row, checked.to)
                for at, column in self._link_cells:
                    if (doubt := link_doubt(row.values[at])) is not None:
                        self._found.warned += 1
                        self._note(row, checked.to, "warning", f"{column} {doubt}", column, row.values[at])
                for read, kind, column in self._media:
                    if (odd := odd_ending(link := read(row.values), kind)) is not None:
                        self._found.warned += 1
                        self._note(row, checked.to, "warning", f"{column} {odd}", column, link)
                if found.first is None:
                    found.first = checked
            if not done % ROWS_BETWEEN_NEWS:
                count()
                if on_rows is not None:
                    on_rows(done)
        if on_rows is not None:
            on_rows(done)
        count()
        for (region, *used), messages in counts.items():
            template = (used[0], used[1])
            found.destinations[region, template] += messages
            found.countries[region] += messages
            found.templates[template] += messages
        found.rows, found.ready = done, found.countries.total()
        found.causes = sorted(self._causes.values(), key=lambda cause: (_ORDER[cause.status], -cause.rows))
        return found

    def _left_out(self, row: SourceRow, left_out: LeftOut) -> None:
        if left_out.status == "rejected":
            self._found.rejected += 1
        else:
            self._found.skipped += 1
        columns = list(left_out.columns)
        if not columns and row.problem is None:
            columns = self._number.split(" + ")
        cells = dict(zip(self._header, row.values, strict=False))
        value = " + ".join(cells.get(name, "") for name in columns)
        self._note(row, left_out.to, left_out.status, left_out.reason, " + ".join(columns), value)

    def _doubtful_number(self, row: SourceRow, to: str) -> None:
        self._found.doubtful += 1
        self._note(row, to, "warning", f"{self._number} {number_doubt(to)}", self._number, to)

    def _doubtful_values(self, row: SourceRow, to: str) -> None:
        warned = False
        for at, name, in_link in self._cells:
            value = row.values[at]
            if (doubt := value_doubt(value, in_link=in_link)) is not None:
                warned = True
                self._note(row, to, "warning", f"{name} {doubt}", name, value)
        self._found.warned += warned

    def _unknown_language(self, row: SourceRow, to: str, language: str) -> None:
        self._found.warned += 1
        unknown = f"is {language!r}, which is not among the language codes Meta lists"
        reason = f"{self._language_column} {unknown}{did_you_mean(language)}"
        self._note(row, to, "warning", reason, self._language_column, language)

    def _note(
        self, row: SourceRow, to: str | None, status: FaultStatus, reason: str, column: str, value: str
    ) -> None:
        key = (status, (reason,) if value in WORDS else words_of(reason))
        cause = self._causes.get(key)
        if cause is None:
            if len(self._causes) >= CAUSES_KEPT:
                key = (status, ())
                reason = "further reasons"
            cause = self._causes.setdefault(
                key, FaultCause(status, reason, column, first_rows=[], first_line=row.line)
            )
        elif key[1]:
            cause.reason = in_common(cause.reason, reason)
        cause.rows += 1
        if len(cause.first_rows) < ROWS_NAMED:
            cause.first_rows.append(row.number)
        if self._on_fault is not None:
            self._on_fault(RowFault(row.number, row.line, to, status, reason, column, value))


_TEMPLATE = "body.template"
_JUDGED_OTHERWISE = ("to", "from", f"{_TEMPLATE}.name", f"{_TEMPLATE}.language")
"""Fields whose values are numbers and codes, which have their own rules."""
_ORDER = {"rejected": 0, "skipped": 1, "warning": 2}


def _link_suffixes(template: Template | None) -> tuple[str, ...]:
    """Return how the paths of a template's values begin that become the end of a button's link."""
    components = () if template is None else template.components or ()
    return tuple(
        f"{_TEMPLATE}.components[{i}]."
        for i, component in enumerate(components)
        if isinstance(component, ButtonComponent) and component.sub_type == "url"
    )


def _columns(blueprint: Blueprint, paths: Sequence[str]) -> list[str]:
    """Return the columns of the fields at these paths, in order."""
    return [name for field in blueprint.fields if field.path in paths for name in field.columns]


def _getter(columns: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]] | None:
    """Return what takes these columns' cells out of a row; None for no columns."""
    if not columns:
        return None
    if len(columns) == 1:
        return itemgetter(slice(columns[0], columns[0] + 1))
    return itemgetter(*columns)
