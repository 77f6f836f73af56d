"""The summary on a terminal."""

import io

import pytest
from rich.console import Console

from wa_bulk.report.summary import Summary
from wa_bulk.report.terminal import render, show


def shown(summary: Summary, width: int, *, colour: bool) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    console.print(render(summary))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_shows_all_that_matters_within_its_width(summary: Summary, width: int) -> None:
    text = shown(summary, width, colour=False)

    assert all(len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    for words in ("cut off", "accepted", "20", "not sent", "row 25", "wa-bulk resume", "--retry-failed"):
        assert words in text
    assert "[bold]markup[/]" in " ".join(text.split()), "words of the log are no markup"


def test_colour_is_only_decoration(summary: Summary) -> None:
    plain = shown(summary, 80, colour=False)
    coloured = Console(file=io.StringIO(), width=80, color_system=None, force_terminal=False)
    coloured.print(render(summary))

    assert "\x1b[" in shown(summary, 80, colour=True)
    assert isinstance(coloured.file, io.StringIO)
    assert coloured.file.getvalue() == plain


def test_a_command_is_one_line_however_narrow_it_is(summary: Summary) -> None:
    console = Console(file=io.StringIO(), width=40, color_system=None)
    show(summary, console)

    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert f"    wa-bulk resume '{summary.log}' --retry-failed" in lines
    assert all(len(line) <= 40 for line in lines if "wa-bulk" not in line)
