"""The campaigns that are simulated: a few shapes, each compiled once, and recipients in memory."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import msgspec

from wa_bulk.campaign.file import CampaignFile
from wa_bulk.campaign.request.blueprint import Blueprint, compile_campaign
from wa_bulk.campaign.rules.duplicates import DuplicateRule
from wa_bulk.campaign.run import plan as planning
from wa_bulk.campaign.run import reasons
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import Scan, SourceRow

RUN_ID = "5eed5eed5eed"
HEADER = ["phone", "name", "sender", "language", "reference"]
SENDERS = ("+8613800138000", "+447400123456", "+33612345678")
LANGUAGES = ("en", "de", "fr")

_TEXT: dict[str, Any] = {"type": "text", "text": {"body": "Hello {name}"}}


def _template(language: str) -> dict[str, Any]:
    parameters = [{"type": "text", "text": "{name}"}]
    components = [{"type": "body", "parameters": parameters}]
    template = {"name": "order_update", "language": language, "components": components}
    return {"type": "template", "template": template}


SHAPES: dict[str, dict[str, Any]] = {
    "one template": {"from": SENDERS[0], "to": "{phone}", "body": _template("en")},
    "text": {"from": SENDERS[0], "to": "{phone}", "body": _TEXT},
    "default sender": {"to": "{phone}", "body": _TEXT},
    "several senders": {"from": "{sender}", "to": "{phone}", "body": _template("en")},
    "language by row": {"from": SENDERS[0], "to": "{phone}", "body": _template("{language}")},
    "all by row": {"from": "{sender}", "to": "{phone}", "body": _template("{language}")},
    "own request_id": {"from": SENDERS[0], "to": "{phone}", "body": _TEXT, "request_id": "ref-{reference}"},
    "one request_id": {"from": SENDERS[0], "to": "{phone}", "body": _TEXT, "request_id": "always-this"},
}

Kind = Literal["send", "refuse", "repeat"]


class Recipient(msgspec.Struct):
    """What the simulated world knows of a row: what has to become of it."""

    row: int
    kind: Kind
    """`repeat`: the number of an earlier row that can be sent."""
    to: str
    sender: str | None
    values: list[str]
    problem: str | None = None
    earlier: int | None = None


class Recipients:
    """A `RowSource` in memory."""

    sheet = None

    def __init__(self, recipients: list[Recipient]) -> None:
        self.header = HEADER
        self.path = Path("/simulated/recipients.csv")
        self.changed = False
        self._rows = [
            SourceRow(
                recipient.row,
                recipient.row + 1,
                [] if recipient.problem else recipient.values,
                recipient.problem,
            )
            for recipient in recipients
        ]

    def rows(self) -> Iterator[SourceRow]:
        return iter(self._rows)

    def rows_in(self, ranges: Iterable[range]) -> Iterator[SourceRow | None]:
        for wanted in ranges:
            yield from self._rows[wanted[0] - 1 : wanted[-1]]

    def scan(self) -> Scan:
        return Scan(len(self._rows), self.sha256(), 1)

    def sha256(self) -> str:
        return "0" * 64

    def has_changed(self) -> bool:
        return self.changed


def draw_recipients(chance: random.Random, shape: str, rows: int) -> list[Recipient]:
    """Draw the rows of a campaign: most can be sent, some repeat a number, some cannot be rendered."""
    repeats, refusals = chance.choice([0, 0, 0.1, 0.4]), chance.choice([0, 0, 0.05, 0.2])
    found: list[Recipient] = []
    first_of: dict[str, int] = {}
    by_row = "sender" in str(SHAPES[shape].get("from"))
    for row in range(1, rows + 1):
        number = f"+447911{chance.randint(100_000, 999_999)}"
        if first_of and chance.random() < repeats:
            number = chance.choice(list(first_of))
        sender = chance.choice(SENDERS) if by_row else SHAPES[shape].get("from")
        written = chance.choice(
            [number, number, "00" + number[1:], f"{number[:3]} {number[3:7]}-{number[7:]}"]
        )
        values = [written, f"N{row}", sender or "", chance.choice(LANGUAGES), str(row)]
        recipient = Recipient(row, "send", number, sender, values, None, first_of.get(number))
        if chance.random() < refusals:
            recipient.kind = "refuse"
            match chance.randrange(3):
                case 0:
                    values[0] = chance.choice(["", "12", "nobody"])
                case 1:
                    values[1] = ""
                case _:
                    recipient.problem = "has 4 cells where the header has 5"
        elif recipient.earlier is not None:
            recipient.kind = "repeat"
        else:
            first_of[number] = row
        found.append(recipient)
    return found


@lru_cache
def campaign_file(shape: str) -> CampaignFile:
    """Give the campaign file of a shape, as if it had been read."""
    return CampaignFile(Path("/simulated/campaign.toml"), "1" * 64, "news", SHAPES[shape])


@lru_cache
def blueprint(shape: str) -> Blueprint:
    """Compile a shape, once."""
    return compile_campaign(campaign_file(shape), HEADER, RUN_ID)


def plan_first(shape: str, source: Recipients, settings: Settings, log: Path) -> planning.Plan:
    """Plan a new run."""
    rows = source.scan().rows
    return planning.Plan(
        file=campaign_file(shape),
        source=source,
        rows=rows,
        source_sha256=source.sha256(),
        blueprint=blueprint(shape),
        settings=settings,
        run_id=RUN_ID,
        log=log,
        rules=planning.rules_of(settings, DuplicateRule(rows)),
    )


@contextmanager
def in_place_of_files(shape: str, source: Recipients) -> Iterator[None]:
    """Let whoever plans the rest of a run find this campaign and these recipients, and a time of day that
    does not change from one simulation to the next."""
    with ExitStack() as stack:
        replaced: dict[str, object] = {
            "load": lambda path: campaign_file(shape),
            "open_recipients": lambda file, path: source,
            "compile_campaign": lambda file, header, run_id, rows: blueprint(shape),
        }
        for name, function in replaced.items():
            stack.enter_context(mock.patch.object(planning, name, function))
        stack.enter_context(
            mock.patch.object(reasons, "local_time_in", lambda seconds: f"{seconds:.0f} s later")
        )
        yield
