"""What is said before anything is sent."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.callbacks.memory import hear
from tests.callbacks.rows import notice
from tests.cli.conftest import CAMPAIGN, GOOD, Folder
from wa_bulk.api.account_template import AccountTemplate
from wa_bulk.api.template_definition import BodyDefinition, FooterDefinition
from wa_bulk.campaign.run.plan import prepare
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.template_check import AccountTemplates, TemplateFindings
from wa_bulk.cli import exits, prompt
from wa_bulk.sandbox import Sandbox
from wa_bulk.send.account import Account
from wa_bulk.send.template_lookup import TemplateLookup

TEMPLATE = """
name = "orders"
recipients = "orders.csv"
rate = 2
[message]
from = "{line|+8613800138000}"
to = "{phone}"
[message.body]
type = "template"
template = { name = "update", language = "{language}", components = [
  { type = "body", parameters = [{ type = "text", text = "{name}" }] },
] }
"""
DEFINITION = AccountTemplate(
    "1", "update", "en", "UTILITY", "APPROVED",
    [BodyDefinition("Dear {{1}},\nyour order is on its way."), FooterDefinition("The shop")], {},
)  # fmt: skip
KNOWN = AccountTemplates(lookups={"update": TemplateLookup("update", [DEFINITION], [], is_whole=True)})
SANDBOX = "http://127.0.0.1:8025"
REAL = "https://wa.api.engagelab.cc"


def words(text: str) -> str:
    return " ".join(text.split())


def told(
    folder: Path,
    *,
    width: int | None = None,
    colour: bool = False,
    url: str = REAL,
    templates: AccountTemplates = KNOWN,
    settings: Settings | None = None,
    notes: Sequence[tuple[str, str]] = (),
) -> str:
    plan = prepare(folder / "orders.toml", log=folder / "run.jsonl", settings=settings)
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=width is not None,
        color_system="truecolor" if colour else None,
        highlight=False,
        _environ={"TERM": "xterm-256color"},
    )
    found = prompt.examined(plan, asked=True)
    findings = TemplateFindings(warnings=["the template may be paused"], notes=["a rule of Meta's"])
    prompt.tell(plan, Account("key", "secret-secret", url), found, templates, findings, notes, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    (tmp_path / "orders.toml").write_text(TEMPLATE)
    rows = [
        "phone,name,language,line",
        "+447400123456,Ada,en,",
        "+447400123457,#N/A,en,",
        "+12125550123,Bo,fr,+8613800138001",
        "+99900000000,Cy,fr,",
        "+447400123456,Ada,en,",
        "nobody,Di,en,",
        "+447400123459,\u200b,en,",
    ]
    (tmp_path / "orders.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_where_nothing_is_to_be_sent_nothing_stands_behind_it(campaign: Path) -> None:
    (campaign / "orders.csv").write_text("phone,name,language,line\nnobody,Di,en,\n")
    text = told(campaign)
    assert "to send   0 messages\n" in text
    assert "for each sending number, about" not in text


@pytest.mark.parametrize("width", [80, 140])
def test_everything_that_matters_is_said_within_the_width(campaign: Path, width: int) -> None:
    text = told(campaign, width=width, notes=[("again", "3 of 7 rows go to people who had it")])
    assert max(map(len, text.splitlines())) <= width
    for expected in (
        "orders, 7 rows of ",
        "to REAL https://wa.api.engagelab.cc, as key",
        "from +8613800138000 3, +8613800138001 1",
        "message template update in en 2, fr 2",
        "first to +447400123456, row 1: │ Dear Ada, │ your order is on its way. │ The shop",
        "to send 4 messages: GB 2, US 1",
        "left out 2 rejected, 1 duplicate (how to mend them: wa-bulk check)",
        "doubtful 1 number that nobody can have, sent all the same: --leave-out-doubtful skips it",
        "rate 2 messages/s for each sending number, about 1.5 s",
        "again 3 of 7 rows go to people who had it",
        "warning: the template may be paused",
        "note: a rule of Meta's",
        "1 warning name is '#N/A', an error that a spreadsheet shows in place of a value (row 2, line 3)",
        "1 rejected name is empty but for U+200B (row 7, line 8) 1",
        "1 skipped duplicate of row 1 (row 5, line 6)",
    ):
        assert expected in words(text)
    assert "secret" not in text


def test_real_and_sandbox_are_told_apart_with_and_without_colour(campaign: Path) -> None:
    assert "SANDBOX http://127.0.0.1:8025" in told(campaign, width=80, url=SANDBOX)
    assert "\x1b[1;37;41mREAL\x1b[0m" in told(campaign, width=80, colour=True)
    assert "\x1b[30;42mSANDBOX\x1b[0m" in told(campaign, width=80, colour=True, url=SANDBOX)
    assert "\x1b" not in told(campaign, width=80)


def test_without_a_terminal_a_fact_is_a_line(campaign: Path) -> None:
    lines = told(campaign).splitlines()
    assert (
        "  doubtful  1 number that nobody can have, sent all the same: --leave-out-doubtful skips it" in lines
    )
    assert "            │ Dear Ada," in lines


def test_of_a_template_that_is_not_known_the_values_are_listed(campaign: Path) -> None:
    text = words(told(campaign, width=80, templates=AccountTemplates()))
    assert "row 1; its template's text is not known, these are the values: │ body {{1}} Ada" in text


def test_beyond_the_rows_that_are_examined_it_says_so(
    campaign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "ROWS_EXAMINED", 3)
    text = words(told(campaign, width=80))
    assert "to send of the first 3 rows, 3 messages: GB 2, US 1" in text
    assert "left out" not in text


def test_what_limit_leaves_out_is_not_examined(campaign: Path) -> None:
    text = words(told(campaign, width=80, settings=Settings(limit=1)))
    assert "orders, 1 row of " in text
    assert "to send 1 message: GB" in text


def test_many_countries_are_summed_up(campaign: Path) -> None:
    numbers = [
        "+447400123456", "+33612345678", "+4915123456789", "+12125550123", "+34612345678",
        "+393123456789", "+31612345678", "+41781234567", "+436641234567", "+351912345678",
    ]  # fmt: skip
    rows = [f"{number},A,en," for number in numbers]
    (campaign / "orders.csv").write_text("phone,name,language,line\n" + "\n".join(rows) + "\n")
    assert "and 2 other countries" in words(told(campaign, width=80))


def test_with_yes_the_warnings_go_to_stderr(folder: Folder, sandbox: Sandbox) -> None:
    folder.recipients([*GOOD, ("+4915228817399", "NULL")])
    run = folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl")
    assert run.exit_code == exits.FINISHED
    assert run.stdout == ""
    assert "name is 'NULL', which stands for no value (row 6, line 7)" in run.stderr
    assert (
        "text messages reach only people who wrote to the sending number within the last 24 hours"
        in run.stderr
    )
    assert "SANDBOX" in run.stderr
    assert len(sandbox.messages) == 6


def test_unasked_and_unpaced_only_the_first_rows_are_examined(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt, "ROWS_EXAMINED_UNPACED", 2)
    assert "of the first 2 rows, 2 messages" in folder.run("send", "orders.toml", "--yes").stderr
    folder.campaign.write_text(CAMPAIGN.replace("rate = 0", "rate = 1000"))
    assert "to send   5 messages" in folder.run("send", "orders.toml", "--yes", "--again").stderr


def test_suppressed_numbers_are_not_counted_as_to_be_sent(folder: Folder) -> None:
    folder.run("suppress", "add", GOOD[1][0])
    told = words(folder.run("send", "orders.toml", "--yes").stderr)
    assert "to send 4 messages: DE" in told
    assert "left out 1 suppressed (which they are: wa-bulk check)" in told


def test_what_was_notified_of_the_number_before_is_said(folder: Folder) -> None:
    flagged = notice("phone_number_update", display_phone_number="+86 138 0013 8000", quality="FLAGGED")
    hear(folder.path / "memory.db", flagged)
    text = folder.campaign.read_text()
    for sender, is_said in (("+8613800138000", True), ("+8613900139000", False)):
        folder.campaign.write_text(text.replace("[message]", f'[message]\nfrom = "{sender}"'))
        asked = folder.run("send", "orders.toml")
        assert ("EngageLab notified: the number +86 138 0013 8000 is FLAGGED" in asked.stderr) is is_said


def test_a_resume_counts_the_rows_that_are_left(folder: Folder) -> None:
    folder.recipients([*GOOD, ("nobody", "Bob"), GOOD[0]])
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "2")
    told = words(folder.run("resume", "run.jsonl", "--yes").stderr)
    assert "the rest of " in told
    assert "to send 3 messages: DE" in told
    assert "left out 1 rejected, 1 duplicate" in told
    assert "row 3:" in told
    lines = [json.loads(line) for line in (folder.path / "run.jsonl").read_text().splitlines()]
    assert lines[-1]["totals"] == {"accepted": 5, "rejected": 1, "failed": 0, "unknown": 0, "skipped": 1}


@pytest.mark.parametrize(
    ("number", "arguments", "messages"),
    [
        ("+99900003002", ["--retry-rejected"], 1),
        ("+99900000012", ["--on-unknown", "retry"], 1),
        ("+99900000012", ["--retry-failed"], 0),
    ],
)
def test_a_resume_counts_the_rows_that_are_sent_again(
    folder: Folder, number: str, arguments: list[str], messages: int
) -> None:
    folder.recipients([*GOOD, (number, "Bob")])
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "6", "--tries", "1")
    told = words(folder.run("resume", "run.jsonl", "--yes", *arguments).stderr)
    if messages:
        assert f"to send {messages} message " in told
        assert f"first to {number}, row 6" in told
    else:
        assert "nothing left to send" in told


def test_what_is_looked_at_before_sending_takes_no_number_from_a_row_that_was_on_its_way(
    folder: Folder,
) -> None:
    folder.recipients([GOOD[0], *GOOD[1:3], GOOD[0]])
    folder.run("send", "orders.toml", "--yes", "--log", "run.jsonl", "--limit", "1")
    log = folder.path / "run.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"run"' in line or '"intent"' in line))  # killed then
    folder.run("resume", "run.jsonl", "--yes", "--again")
    results = [
        json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if '"result"' in line
    ]
    found = {line["row"]: (line["status"], line.get("reason")) for line in results}
    assert found[1][0] == "unknown"
    assert found[4] == ("skipped", "duplicate of row 1")
