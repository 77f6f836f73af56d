"""What is said before anything is sent: to whom, from where, what, what is left out and what looks wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from urllib.parse import urlsplit

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from wa_bulk.api import decode
from wa_bulk.api.loopback import is_loopback
from wa_bulk.api.message import TemplateBody
from wa_bulk.campaign.costs import by_category
from wa_bulk.campaign.examination import Examination, examine
from wa_bulk.campaign.request.rendered_row import RenderedRow
from wa_bulk.campaign.run.plan import Plan
from wa_bulk.campaign.sources.base import in_words
from wa_bulk.campaign.template_check import AccountTemplates, TemplateFindings
from wa_bulk.cli.findings import WARNING, causes_table
from wa_bulk.cli.memory import Note
from wa_bulk.cli.phone_view import phone_view
from wa_bulk.cli.progress import checking
from wa_bulk.report.words import counted, duration, plain
from wa_bulk.send.account import Account

ROWS_EXAMINED = 1_000_000
ROWS_EXAMINED_UNPACED = 1_000
"""Of a run that nobody is asked about and that nothing holds back, so that it begins at once."""

_LABEL_WIDTH = 8
_RULES = {"duplicate": "duplicate", "suppressed": "suppressed", "doubtful": "doubtful"}
"""What a skipped row's reason begins with, and what it is counted as."""
_FIRST_LINES = 12
_NAMED = 8
_CAUSES_SHOWN = 5


def examined(plan: Plan, *, asked: bool) -> Examination:
    """Go over the rows of `plan` as its run will, with progress on stderr; over the first million at most.

    What the plan's own rules know stays as it is: a run may go over other rows first.
    """
    at_most = ROWS_EXAMINED if asked or plan.settings.rate else ROWS_EXAMINED_UNPACED
    rows = min(plan.rows_to_send, at_most)
    with ExitStack() as stack:
        for rule in plan.rules:
            stack.enter_context(rule.tried())
        on_rows = stack.enter_context(checking())
        return examine(
            islice(plan.rows_left(), rows),
            plan.blueprint,
            plan.rules,
            on_rows=lambda done: on_rows(done, rows),
        )


def messages_expected(plan: Plan, found: Examination) -> int:
    """Return how many messages the run would send, were the rows that were not examined all ready."""
    return plan.rows_to_send - found.rejected - found.skipped


def tell(
    plan: Plan,
    account: Account,
    found: Examination,
    templates: AccountTemplates,
    findings: TemplateFindings,
    notes: Sequence[Note],
    console: Console,
) -> None:
    """Say all of it on `console`; `notes` are further facts, each with its name."""
    rows = counted(plan.rows_to_send, "row")
    recipients = in_words(plan.source)
    what = f"the rest of {recipients}: {rows}" if plan.resumed else f"{rows} of {recipients}"
    _print(console, 0, Text(), Text.assemble((plain(plan.file.name), "bold"), f", {plain(what)}"))
    warned = [cause for cause in found.causes if cause.status == "warning"]
    left_out = [cause for cause in found.causes if cause.status != "warning"]
    for title, causes in (("Left out:", left_out), ("Would be sent as it stands:", warned)):
        if causes:
            console.print(Text(f"\n{title}", "bold"))
            table = causes_table(causes, at_most=_CAUSES_SHOWN, with_mend=False)
            console.print(Padding(table, (0, 0, 0, 2), expand=False))
    if found.causes:
        console.print()
    sandbox = is_loopback(urlsplit(account.base_url).hostname or "")
    where = ("SANDBOX", "black on green") if sandbox else ("REAL", "bold white on red")
    _fact(console, "to", Text.assemble(where, f" {account.base_url}, as {account.dev_key}"))
    _fact(console, "from", _senders(plan, found))
    _fact(console, "message", _kinds(plan, found))
    if found.first is not None:
        _show_first(console, found.first, templates)
    _fact(console, "to send", _recipients(plan, found, templates))
    if found.rejected or found.skipped:
        _fact(console, "left out", _left_out(found))
    if found.doubtful:
        number = counted(found.doubtful, "number")
        skips = "skips them" if found.doubtful > 1 else "skips it"
        text = f"{number} that nobody can have, sent all the same: --leave-out-doubtful {skips}"
        _fact(console, "doubtful", Text(text, WARNING))
    _fact(console, "rate", _pace(plan, found))
    _fact(console, "log", str(plan.log))
    for name, note in notes:
        _fact(console, name, note)
    for warning in (*plan.blueprint.warnings, *findings.warnings):
        _print(console, 2, Text("warning: ", WARNING), Text(plain(warning), WARNING))
    for note in findings.notes:
        _print(console, 2, Text("note: ", "dim"), Text(plain(note), "dim"))
    if console.is_terminal:
        console.print()


def _senders(plan: Plan, found: Examination) -> str:
    if plan.blueprint.senders_vary:
        return _listed({number or "the default number": count for number, count in found.senders.items()})
    return plan.blueprint.message.from_ or "the account's default number"


def _kinds(plan: Plan, found: Examination) -> str:
    body = plan.blueprint.message.body
    if not isinstance(body, TemplateBody):
        return str(type(body).__struct_config__.tag)
    by_name: dict[str, Counter[str]] = {}
    for (name, language), count in found.templates.items():
        by_name.setdefault(name, Counter())[language] += count
    if not by_name:
        return "template"
    shown = [
        f"{name} in {next(iter(languages)) if len(languages) == 1 else _listed(languages)}"
        for name, languages in islice(by_name.items(), _NAMED)
    ]
    if (more := len(by_name) - _NAMED) > 0:
        shown.append(counted(more, "other template"))
    return f"template {'; '.join(shown)}"


def _show_first(console: Console, first: RenderedRow, templates: AccountTemplates) -> None:
    message = decode(first.payload)
    known, unknown = None, ""
    if isinstance(message.body, TemplateBody):
        known = templates.of(message.body.template)
        unknown = "" if known else "; its template's text is not known, these are the values"
    _fact(console, "first", f"to {first.to}, row {first.number:,}{unknown}:")
    lines = phone_view(message, known)
    indent, bar = _LABEL_WIDTH + 4, Text("│ ", "green")
    for line in lines[:_FIRST_LINES]:
        _print(console, indent, bar, Text(plain(line)), repeat_head=True)
    if len(lines) > _FIRST_LINES:
        more = counted(len(lines) - _FIRST_LINES, "more line")
        _print(console, indent, bar, Text(f"… and {more}: wa-bulk preview --text", "dim"))


def _recipients(plan: Plan, found: Examination, templates: AccountTemplates) -> str:
    countries = {region: count for region, count in found.countries.items() if region}
    where = f": {_listed(countries, 'country', 'countries')}" if countries else ""
    categories: Counter[str] = Counter()
    for cost in by_category(found.destinations, templates):
        categories[cost.category] += cost.messages
    known = bool(categories) and any(templates.lookups) and "" not in categories
    kinds = f", {_listed(categories)}" if known else ""
    messages = f"{counted(found.ready, 'message')}{where}{kinds}"
    if found.rows < plan.rows_to_send:
        return f"of the first {counted(found.rows, 'row')}, {messages}"
    return messages


def _left_out(found: Examination) -> str:
    """Count the rows that are not sent: rejected ones, and skipped ones by the rule that skips them."""
    counts = Counter({"rejected": found.rejected})
    for cause in found.causes:
        if cause.status == "skipped":
            word = cause.reason.split()[0].rstrip(":")
            counts[_RULES.get(word, "not selected")] += cause.rows
    duplicates = counts.pop("duplicate", 0)
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    parts += [counted(duplicates, "duplicate")] if duplicates else []
    hint = "how to mend them" if found.rejected else "which they are"
    return f"{', '.join(parts)} ({hint}: wa-bulk check)"


def _pace(plan: Plan, found: Examination) -> str:
    rate = plan.settings.rate
    if not rate:
        return "as fast as it goes"
    pace = f"{rate:g} messages/s for each sending number"
    messages = messages_expected(plan, found)
    if not messages:
        return pace
    if found.senders:
        messages = round(messages * max(found.senders.values()) / found.senders.total())
    return f"{pace}, about {duration(max(1.0, messages / rate))}"


def _listed(counts: dict[str, int] | Counter[str], noun: str = "other", nouns: str = "others") -> str:
    """Return names with their counts, the most frequent first: `GB 1,204, FR 300 and 12 other countries`."""
    named = Counter(counts).most_common()
    if len(named) == 1:
        return named[0][0]
    text = ", ".join(f"{name} {count:,}" for name, count in named[:_NAMED])
    more = len(named) - _NAMED
    if more <= 0:
        return text
    what = (noun if more == 1 else nouns) if noun == "other" else f"other {noun if more == 1 else nouns}"
    return f"{text} and {more:,} {what}"


def _fact(console: Console, name: str, fact: str | Text) -> None:
    label = Text(f"{name:<{_LABEL_WIDTH}}  ", "dim")
    _print(console, 2, label, Text(plain(fact)) if isinstance(fact, str) else fact)


def _print(console: Console, indent: int, head: Text, body: Text, *, repeat_head: bool = False) -> None:
    """Print a paragraph behind its `head`; on a terminal it is broken at words and begins anew below itself,
    behind the head again if `repeat_head`."""
    left = Text(" " * indent)
    if not console.is_terminal:
        console.print(left + head + body, soft_wrap=True)
        return
    below = head if repeat_head else Text(" " * head.cell_len)
    lines = body.wrap(console, max(20, console.width - indent - head.cell_len)) or [Text()]
    for at, line in enumerate(lines):
        line.rstrip()
        console.print(left + (below if at else head) + line, soft_wrap=True)
