"""What the documents show works exactly as shown."""

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from tests.cli.conftest import GOOD, Folder
from tests.cluster.redis_server import RedisServer
from wa_bulk.cli import app, exits
from wa_bulk.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CAMPAIGNS = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_tour_of_the_readme(folder: Folder, sandbox: Sandbox) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (recipients,), (campaign,) = blocks(readme, "csv"), blocks(readme, "toml")
    (folder.path / "recipients.csv").write_text(recipients, encoding="utf-8")
    (tour,) = (block for block in blocks(readme, "console") if "wa-bulk init" in block)

    shown: dict[str, str] = {}
    for line in re.findall(r"^\$ wa-bulk (.*)$", tour, re.MULTILINE):
        words = shlex.split(line, comments=True)
        result = folder.run(*words, *(["--yes"] if words[0] in ("send", "resume") else []))
        assert result.exit_code == exits.FINISHED, result.output
        shown[words[0]] = result.stdout

    assert (folder.path / "order_update.toml").read_text(encoding="utf-8") == campaign
    assert "Hello Ada" in shown["templates"]
    assert '"Zoé"' in shown["preview"]
    sent = [message.to for message in sandbox.messages]
    assert sent == ["+447911123457", "+447911123456", "+33612345678"]
    assert (folder.path / "report.html").exists()


@pytest.mark.parametrize("document", ["README.md", "docs/cluster.md"])
def test_a_campaign_from_several_machines(
    folder: Folder, sandbox: Sandbox, redis_server: RedisServer, document: str
) -> None:
    """With two workers, which a person ends."""
    folder.environment["WA_BULK_REDIS"] = redis_server.url
    text = (ROOT / document).read_text(encoding="utf-8")
    block = next(block for block in blocks(text, "sh") if "wa-bulk cluster submit" in block)
    workers, run = [], ""
    for line in re.findall(r"wa-bulk [^)#\n]*", block):
        words = shlex.split(line.replace("$RUN", run))[1:]
        if words[:2] == ["cluster", "submit"]:
            folder.campaign.rename(folder.path / words[2])
        if words == ["cluster", "worker"]:
            workers += [folder.start(*words) for _ in range(2)]
            for worker in workers:
                assert worker.stderr is not None
                assert any("Ctrl-C ends it" in line for line in worker.stderr)
            continue
        result = folder.run(*words)
        assert result.exit_code == exits.FINISHED, result.output
        run = run or result.stdout.strip()
    for worker in workers:
        worker.terminate()
        worker.communicate(timeout=60)
        assert worker.returncode == exits.FINISHED
    assert sorted(message.to for message in sandbox.messages) == sorted(phone for phone, _ in GOOD)
    assert '"stopped":null' in (folder.path / "run.jsonl").read_text().splitlines()[-1]


async def test_the_message_from_a_service_arrives(
    folder: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A template, since what else there is fails with 131047 for people who did not write within 24 hours."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = next(block for block in blocks(readme, "python") if "Client.from_env()" in block)
    for name, value in folder.environment.items():
        monkeypatch.setenv(name, value)

    names: dict[str, object] = {}
    pasted = eval(compile(snippet, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    await pasted
    await sandbox.settled()

    (message,) = sandbox.messages
    assert message.message_id in capsys.readouterr().out
    assert message.error is None
    assert message.status in ("delivered", "read")


def every_kind() -> list[str]:
    whole, others = next(
        (whole, others)
        for whole, others in zip(blocks(CAMPAIGNS, "toml"), blocks(CAMPAIGNS, "toml")[1:], strict=False)
        if "[message.body]" in whole
    )
    return [whole, *others.splitlines()]


@pytest.mark.parametrize("body", every_kind(), ids=lambda body: re.findall(r'type = "(\w+)"', body)[0])
def test_every_kind_of_message(folder: Folder, body: str) -> None:
    columns = ["phone", *sorted(set(re.findall(r"\{(\w+)\}", body)))]
    (folder.path / "orders.csv").write_text(
        f"{','.join(columns)}\n+4915228817386{',7' * (len(columns) - 1)}\n", encoding="utf-8"
    )
    head = 'name = "orders"\nrecipients = "orders.csv"\n[message]\nto = "{phone}"\n'
    folder.campaign.write_text(head + body, encoding="utf-8")

    result = folder.run("check", "orders.toml", "--offline")
    assert result.exit_code == exits.FINISHED, result.output


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_options_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name, words in re.findall(r"(?:`|^\$ |^)wa-bulk (\w+)([^`\n#|]*)", text, re.MULTILINE):
        command = app.get_command(click.Context(app), name)
        assert command is not None, f"wa-bulk {name}"
        if isinstance(command, click.Group) and (first := words.split()[:1]):
            name, command = f"{name} {first[0]}", command.commands[first[0]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for option in re.findall(r"(?<=\s)--[a-z-]+", words):
            assert option in known, f"wa-bulk {name} {option}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_linked_are_there(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / link).exists(), link


def test_the_commands_of_the_compose_file_exist() -> None:
    text = (ROOT / "examples" / "compose.yaml").read_text(encoding="utf-8")
    commands = re.findall(r"^    command: (?!redis-server)(.*)$", text, re.MULTILINE)
    campaign = ROOT / "examples" / "campaign"
    assert len(commands) == 4
    commands += re.findall(r"run --rm (?:-T )?wa-bulk ([^)\n]*)", text)
    for words in map(shlex.split, commands):
        context, rest = click.Context(app), words
        while isinstance(context.command, click.Group):
            command = context.command.get_command(context, rest[0])
            assert command is not None, words
            context, rest = click.Context(command), rest[1:]
        context.command.parse_args(context, [word.replace("/campaign/", f"{campaign}/") for word in rest])
