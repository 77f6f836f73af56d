"""Take the pictures of check, of the question before sending and of the report, as a terminal shows them.

`python -m tools.terminal_pictures docs/images` sends the sample of the demonstration to a local EngageLab.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from wa_bulk.campaign.check import check
from wa_bulk.campaign.run.plan import Plan, prepare
from wa_bulk.campaign.run.run import CampaignRun
from wa_bulk.campaign.template_check import hold_against
from wa_bulk.cli import prompt
from wa_bulk.cli.check import show as show_check
from wa_bulk.cli.sample import write_sample
from wa_bulk.cli.template_check import ask_account
from wa_bulk.report.summary import summarise
from wa_bulk.report.terminal import show as show_report
from wa_bulk.sandbox import Sandbox
from wa_bulk.send.account import Account

WIDTHS = (80, 140)

THEME = TerminalTheme(
    (13, 17, 23),
    (201, 209, 217),
    [(13, 17, 23), (255, 123, 114), (63, 185, 80), (210, 153, 34),
     (88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)],
    [(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65),
     (121, 192, 255), (210, 168, 255), (86, 212, 221), (240, 246, 252)],
)  # fmt: skip
FONTS = "'Fira Code', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def take(folder: Path, name: str, title: str, draw: Callable[[Console], object]) -> None:
    """Draw the same at each width, each into a picture of its own."""
    for width in WIDTHS:
        console = Console(
            record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor",
            highlight=False, markup=False, _environ={},
        )  # fmt: skip
        draw(console)
        svg = console.export_svg(title=title, theme=THEME, unique_id=f"{name}-{width}")
        svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
        svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {FONTS}")
        path = folder / f"{name}-{width}.svg"
        path.write_text(re.sub(r"<!--.*?-->", "", svg), encoding="utf-8")
        print(f"{path}: {path.stat().st_size // 1024} KiB")


def take_all(folder: Path) -> None:
    """Check, ask for and send the sample in the working directory, and take a picture of each."""
    main, *_ = write_sample(Path())
    with Sandbox() as sandbox:
        account = Account(sandbox.key, sandbox.secret, sandbox.url)
        plan = prepare(main, log=Path("order-updates.jsonl"))
        templates = ask_account(plan.blueprint, plan.source, account)
        report = check(main, ask_account=lambda *_: templates)
        take(folder, "check", f"wa-bulk check {main}", lambda console: show_check(report, console))
        ask(folder, plan, account)
        asyncio.run(CampaignRun(plan, account).execute())
        summary = summarise(plan.log)
        take(folder, "report", f"wa-bulk report {plan.log}", lambda console: show_report(summary, console))


def ask(folder: Path, plan: Plan, account: Account) -> None:
    templates = ask_account(plan.blueprint, plan.source, account)
    findings = hold_against(plan.blueprint, templates)
    found = prompt.examined(plan, asked=True)

    def draw(console: Console) -> None:
        prompt.tell(plan, account, found, templates, findings, (), console)
        console.print(f"Send {prompt.messages_expected(plan, found):,} messages? [y/N]: ", end="")

    take(folder, "prompt", f"wa-bulk send {plan.file.path}", draw)


if __name__ == "__main__":
    pictures = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["WA_BULK_DB"] = "memory.db"
        take_all(pictures)
