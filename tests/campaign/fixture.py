"""A small campaign on disk, run against the sandbox, and its log read back as plain JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from wa_bulk.campaign.run.plan import Plan, plan_resume, prepare
from wa_bulk.campaign.run.run import CampaignRun, RunSummary
from wa_bulk.campaign.settings import Settings
from wa_bulk.sandbox import Sandbox
from wa_bulk.send.account import Account

CAMPAIGN = """
name = "news"
recipients = "recipients.csv"
[message]
from = "+8613800138000"
to = "{phone}"
[message.body]
type = "template"
[message.body.template]
name = "order_update"
language = "en"
[[message.body.template.components]]
type = "body"
parameters = [
  { type = "text", text = "{name}" },
  { type = "currency", currency = { fallback_value = "$1", code = "USD", amount_1000 = 1000 } },
]
"""
FAST = Settings(rate=0, concurrency=8, tries=1, timeout=5, outage_limit=5)


def changed(**changes: object) -> Settings:
    """The fast settings, but for these."""
    return msgspec.structs.replace(FAST, **changes)


def number(row: int) -> str:
    return f"+4479{row:08d}"


def magic(code: int) -> str:
    """The sandbox's number for a behaviour."""
    return f"+999{code:08d}"


class CampaignFixture:
    """A folder with a campaign, its recipients and its log."""

    def __init__(self, folder: Path, campaign: str = CAMPAIGN) -> None:
        self.campaign = folder / "news.toml"
        self.recipients = folder / "recipients.csv"
        self.log = folder / "news.jsonl"
        self.campaign.write_text(campaign)

    def write_rows(self, rows: Iterable[Sequence[str]], header: str = "phone,name") -> None:
        lines = [header, *(",".join(row) for row in rows)]
        self.recipients.write_text("\n".join(lines) + "\n")

    def write_row_count(self, rows: int) -> None:
        self.write_rows([(number(row), f"N{row}") for row in range(1, rows + 1)])

    def plan(self, settings: Settings = FAST) -> Plan:
        return prepare(self.campaign, log=self.log, settings=settings)

    async def send(self, sandbox: Sandbox, settings: Settings = FAST) -> RunSummary:
        return await CampaignRun(self.plan(settings), account(sandbox)).execute()

    async def resume(self, sandbox: Sandbox, **changes: object) -> RunSummary:
        return await CampaignRun(plan_resume(self.log, **changes), account(sandbox)).execute()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def results(self) -> dict[int, dict[str, Any]]:
        """The last result of each row."""
        return {line["row"]: line for line in self.lines() if line["type"] == "result"}

    def statuses(self) -> Counter[str]:
        return Counter(result["status"] for result in self.results().values())


def account(sandbox: Sandbox) -> Account:
    return Account(sandbox.key, sandbox.secret, sandbox.url)


def arrivals(sandbox: Sandbox) -> Counter[str]:
    """How often each recipient's message was taken by the server."""
    return Counter(message.to for message in sandbox.messages)
