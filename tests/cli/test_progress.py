"""What is seen of a run while it goes on."""

import io

import pytest
from rich.console import Console

from wa_bulk.cli.progress import Glance, Speed, Watch, line
from wa_bulk.ledger.log_format import Totals

HALF = Glance("orders", 600, 1200, 580, Totals(accepted=570, failed=10), "")


def test_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed()

    assert speed.per_s(100.0, 0) == 0.0
    assert speed.per_s(101.0, 80) == 80.0
    for second in range(2, 20):
        speed.per_s(100.0 + second, 80 + 10 * (second - 1))
    assert speed.per_s(120.0, 80 + 190) == 10.0, "the fast start is forgotten"


@pytest.mark.parametrize(
    ("glance", "sent_per_s", "left_s", "text"),
    [
        (
            HALF,
            79.96,
            7.5,
            "orders: 600 of 1,200 rows, 80.0 messages/s, 570 accepted, 10 failed, about 7.5 s left",
        ),
        (
            HALF._replace(done=1200),
            80.0,
            0.0,
            "orders: 1,200 of 1,200 rows, 80.0 messages/s, 570 accepted, 10 failed",
        ),
        (
            HALF._replace(totals=Totals(), notice="the server is unavailable"),
            0.0,
            None,
            "orders: 600 of 1,200 rows, 0.0 messages/s, the server is unavailable",
        ),
    ],
)
def test_a_line_of_plain_text(glance: Glance, sent_per_s: float, left_s: float | None, text: str) -> None:
    assert line(glance, sent_per_s, left_s) == text


async def seen(console: Console, glance: Glance) -> str:
    async with Watch(console, lambda: glance):
        pass
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_without_a_terminal_the_last_state_is_a_line() -> None:
    text = await seen(Console(file=io.StringIO(), width=40), HALF)

    assert text.count("\n") == 1
    assert text.startswith("orders: 600 of 1,200 rows, ")
    assert "\x1b" not in text


@pytest.mark.parametrize("colour", [True, False])
async def test_on_a_terminal_it_fits_80_columns(colour: bool) -> None:
    console = Console(
        file=io.StringIO(),
        width=80,
        force_terminal=True,
        color_system="truecolor" if colour else None,
        _environ={"TERM": "xterm-256color"},
    )

    text = await seen(console, HALF._replace(notice="the server is unavailable " * 10))

    for words in ("orders", "600 of 1,200", "50%", "accepted 570", "unknown 0", "the server is unavailable"):
        assert words in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor comes back"


async def test_a_dumb_terminal_gets_lines() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "dumb"})

    assert "600 of 1,200 rows" in await seen(console, HALF)
