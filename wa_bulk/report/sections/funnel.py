"""How far the messages have come: accepted, sent, delivered, read, by what callbacks said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from msgspec import UNSET
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wa_bulk.report.follows import follows
from wa_bulk.report.funnel import Delivery, DeliveryDetails, Failure, Share
from wa_bulk.report.sections.bars import bars
from wa_bulk.report.sections.section import Command, Section, html_table, titled
from wa_bulk.report.summary import Summary
from wa_bulk.report.words import counted, duration, percent, plain

_COLOURS = {"accepted": "green", "delivered": "blue", "read": "magenta", "failed": "red", "unheard": "yellow"}
_FAILURES_SHOWN = 8
_PARTS_SHOWN = 8
_SHOWN_ON_THE_PAGE = 40
_NOT_HEARD = (
    "Whether they arrived is not known: EngageLab tells it by callbacks, each posted once. To receive them, "
    "now and for the next run (docs/callbacks.md):"
)
_COMMAND = Command("wa-bulk callbacks")


def how_far(summary: Summary) -> list[RenderableType]:
    """Return how many rows have come how far, and how long it took; nothing where no callbacks are known."""
    if summary.delivery is UNSET or summary.delivery_details is UNSET:
        return []
    delivery, details = summary.delivery, summary.delivery_details
    counts = _counts(summary, delivery, details)
    return [
        bars(counts, _COLOURS, counts["accepted"]),
        *(Text(line, "dim") for line in _times(details)),
    ]


def _terminal(summary: Summary) -> list[RenderableType]:
    if summary.delivery is UNSET or summary.delivery_details is UNSET:
        return [Text(_NOT_HEARD), _COMMAND] if summary.totals["accepted"] else []
    delivery, details = summary.delivery, summary.delivery_details
    parts = how_far(summary)
    parts += [Text(line, "yellow") for line in _remarks(details)]
    if delivery.failures:
        parts.append(_below(_failures(delivery.failures)))
    for title, shares in _divisions(details):
        parts.append(_below(_shares(title, shares)))
    return parts


def _below(table: Table) -> Padding:
    return Padding(table, (1, 0, 0, 0), expand=False)


def _counts(summary: Summary, delivery: Delivery, details: DeliveryDetails) -> dict[str, int]:
    """Count the rows of each stage, and those that left it. Those not settled were taken as well."""
    return {
        "accepted": summary.totals["accepted"] + details.not_settled,
        "sent": delivery.sent,
        "delivered": delivery.delivered,
        "read": delivery.read,
        "failed": delivery.failed,
        "unheard": delivery.unheard,
    }


def _times(details: DeliveryDetails) -> Iterator[str]:
    for what, times in (("delivered", details.to_delivered_ms), ("read", details.to_read_ms)):
        if times is not None:
            yield f"{what}: half within {_span(times.p50)}, 95 % within {_span(times.p95)}"


def _span(milliseconds: float) -> str:
    return duration(milliseconds / 1000)


def _remarks(details: DeliveryDetails) -> Iterator[str]:
    if details.sent_twice:
        yield f"{counted(details.sent_twice, 'row')} sent twice: EngageLab took two messages for each"


def _failures(failures: Sequence[Failure]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for failure in failures[:_FAILURES_SHOWN]:
        words = Text.assemble(
            plain(failure.text), (f": {advice}" if (advice := follows(failure.code)) else "", "dim")
        )
        table.add_row(f"{failure.rows:,}", Text(_code(failure), "red"), words)
    if rest := failures[_FAILURES_SHOWN:]:
        rows = sum(failure.rows for failure in rest)
        table.add_row(f"{rows:,}", "", Text(f"for {len(rest)} other reasons", "dim"))
    return table


def _code(failure: Failure) -> str:
    return "" if failure.code is None else str(failure.code)


def _divisions(details: DeliveryDetails) -> list[tuple[str, list[Share]]]:
    """Return the divisions of which there is more than one part."""
    both = [("country", details.countries), ("sending number", details.senders)]
    return [(title, shares) for title, shares in both if len(shares) > 1]


def _cells(share: Share, whole: int) -> list[str]:
    numbers = [share.sent, share.delivered, share.read, share.failed]
    cells = [f"{number:,} {number / whole:4.0%}" if number and whole else f"{number:,}" for number in numbers]
    return cells if share.accepted is None else [f"{share.accepted:,}", *cells]


def _shares(title: str, shares: Sequence[Share]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(title)
    for name in _titles(shares)[1:]:
        table.add_column(name, justify="right")
    for name, cells in _lines(shares, _PARTS_SHOWN):
        table.add_row(plain(name), *cells)
    return table


def _titles(shares: Sequence[Share]) -> tuple[str, ...]:
    with_accepted = ("accepted",) if shares[0].accepted is not None else ()
    return ("", *with_accepted, "sent", "delivered", "read", "failed")


def _lines(shares: Sequence[Share], at_most: int) -> Iterator[tuple[str, list[str]]]:
    for share in shares[:at_most]:
        yield (
            share.name or "not known",
            _cells(share, share.sent if share.accepted is None else share.accepted),
        )
    if rest := shares[at_most:]:
        yield f"{len(rest)} others", _cells(_sum(rest), 0)


def _sum(shares: Sequence[Share]) -> Share:
    accepted = None if shares[0].accepted is None else sum(share.accepted or 0 for share in shares)
    return Share(
        "",
        accepted,
        *(sum(getattr(share, name) for share in shares) for name in ("sent", "delivered", "read", "failed")),
    )


def _page(summary: Summary) -> list[str]:
    if summary.delivery is UNSET or summary.delivery_details is UNSET:
        if not summary.totals["accepted"]:
            return []
        return [f"<p>{escape(_NOT_HEARD)}</p><pre>{escape(_COMMAND)}</pre>"]
    delivery, details = summary.delivery, summary.delivery_details
    counts = _counts(summary, delivery, details)
    parts = [f'<ol class="funnel">{"".join(_stage(name, counts) for name in counts)}</ol>']
    if times := [*_times(details)]:
        parts.append(f'<p class="quiet">{"; ".join(times)}</p>')
    parts += [f'<p class="detail">{escape(line)}</p>' for line in _remarks(details)]
    if delivery.failures:
        lines = [
            (f"{one.rows:,}", _code(one), f"{escape(one.text)} <small>{escape(follows(one.code))}</small>")
            for one in delivery.failures[:_SHOWN_ON_THE_PAGE]
        ]
        parts.append(html_table(("rows", "Meta's code", "what failed, and what follows"), lines))
    for title, shares in _divisions(details):
        rows = [
            (escape(name), *map(_with_small_share, cells))
            for name, cells in _lines(shares, _SHOWN_ON_THE_PAGE)
        ]
        parts.append(html_table((f"by {title}", *_titles(shares)[1:]), rows))
    return parts


def _with_small_share(cell: str) -> str:
    number, _, share = cell.partition(" ")
    return f'{number} <small class="share">{share}</small>' if share else number


def _stage(name: str, counts: Mapping[str, int]) -> str:
    accepted, number = counts["accepted"], counts[name]
    share = min(1.0, number / accepted) if accepted else 0.0
    described = " · ".join(filter(None, (f"{number:,}", percent(number, accepted))))
    return f'<li class="{name}"><span>{name}</span><i style="width:{share:.2%}"></i><b>{described}</b></li>'


FUNNEL = Section(titled("What arrived"), _terminal, _page)
