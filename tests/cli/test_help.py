"""Every command and every option says what it is for, and says the truth."""

import re
from collections.abc import Iterator

import click
import msgspec
import pytest
from click.testing import CliRunner

from wa_bulk.campaign.settings import Settings
from wa_bulk.cli import app, exits

COMMANDS = app.list_commands(click.Context(app))


def command(name: str) -> click.Command:
    found = app.get_command(click.Context(app), name)
    assert found is not None
    return found


def options() -> Iterator[tuple[str, click.Option]]:
    for name in COMMANDS:
        for parameter in command(name).params:
            if isinstance(parameter, click.Option):
                yield name, parameter


def help_of(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--help"], terminal_width=80)
    assert result.exit_code == 0
    return result.output


def test_the_first_page_names_every_command_exit_code_and_variable() -> None:
    text = help_of()

    for name in (*COMMANDS, "WA_BULK_DEV_KEY", "WA_BULK_DEV_SECRET", "WA_BULK_BASE_URL", "WA_BULK_DB"):
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    for code in exits.MEANING:
        assert re.search(rf"^  {code} ", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.split("Commands:")[1], "a summary that is cut short tells nothing"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_summary_and_examples_within_its_width(name: str) -> None:
    text = help_of(name)

    assert "Examples:" in text
    assert f"  wa-bulk {name}" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(("name", "option"), list(options()), ids=lambda value: getattr(value, "name", value))
def test_an_option_says_what_it_is_for(name: str, option: click.Option) -> None:
    assert option.help
    assert option.help[0].isupper() or option.help[0].isdigit() or "lean" in option.help


def test_defaults_in_the_help_are_those_of_the_settings() -> None:
    told = {
        option.name: match[1]
        for option in command("send").params
        if isinstance(option, click.Option)
        and (match := re.search(r"\[default: ([^]]+)\]", option.help or ""))
    }
    defaults = msgspec.structs.asdict(Settings())

    shared = told.keys() & defaults.keys()
    assert {"rate", "concurrency", "timeout", "tries", "outage_limit"} <= shared
    for name in shared:
        value = defaults[name]
        if value is None:
            continue
        assert (f"{value:g}" if isinstance(value, float) else str(value)) in told[name]


def test_every_option_that_sends_is_a_setting() -> None:
    own = {"recipients", "log", "dry_run", "yes", "again", "base_url", "debug", "help"}
    own |= {"wait_settled_s", "unheard_after_s", "heard_at_least", "only", "except_", "exclude", "to", "row"}
    for name in ("send", "resume"):
        names = {option.name for option in command(name).params if isinstance(option, click.Option)}
        assert names - own <= set(Settings.__struct_fields__)


def test_a_mistyped_command_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(app, ["reprot"])

    assert result.exit_code == exits.NOTHING_SENT
    assert "Did you mean `report`?" in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    def run(instruction: str, words: str, place: str) -> str:
        environment = {
            "_WA_BULK_COMPLETE": f"{shell}_{instruction}",
            "COMP_WORDS": words,
            "COMP_CWORD": place if shell != "fish" else words.split(" ")[-1],
        }
        return CliRunner().invoke(app, prog_name="wa-bulk", env=environment).output

    assert "_WA_BULK_COMPLETE" in run("source", "", "0")
    assert "report" in run("complete", "wa-bulk rep", "1")
    assert "--rows" in run("complete", "wa-bulk report --ro", "2")


def every_command(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


@pytest.mark.parametrize("path", list(every_command(app)), ids=" ".join)
def test_no_summary_is_cut_short_at_80_columns(path: tuple[str, ...]) -> None:
    lines = help_of(*path).splitlines()

    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage: ")] == []
