"""A run shown: on the terminal, as charts, as a page, by the command."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks.__main__ import main
from benchmarks.markdown import BEGIN, END, MarksError, write_figures
from benchmarks.results import RunResult, TargetResult, write_results
from benchmarks.tables import print_machine, print_scenario, print_targets

from .results import candidate, run_of


def a_run() -> RunResult:
    run = run_of(
        "campaign",
        "plain",
        "wrk",
        candidate("wrk", {"per_s": 100_000.0}, {"per_s": 120_000.0}),
        candidate("wa-bulk send", {"per_s": 50_000.0}, {"per_s": 54_000.0}),
        candidate("httpx", problem="not installed: httpx (pip install wa-bulk[bench])"),
    )
    run.targets = [
        TargetResult(scenario="campaign", words="campaign, of wrk", bound="≥ 0.4", measured=0.475, met=True),
        TargetResult(scenario="campaign", words="campaign, of httpx", bound="≥ 5", measured=None, met=None),
    ]
    return run


def test_the_terminal_shows_medians_spread_ratios_and_what_is_missing() -> None:
    console = Console(width=120)
    with console.capture() as shown:
        print_scenario(console, a_run().scenarios[0])
        print_targets(console, a_run().targets)
        print_machine(console, a_run())
    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    assert "wa-bulk send 52,000.0 ± 4% 0.475" in lines
    assert "httpx: not installed: httpx (pip install wa-bulk[bench])" in lines
    assert "campaign, of wrk ≥ 0.4 0.475 met" in lines
    assert "campaign, of httpx ≥ 5 – not measured" in lines
    assert "not on this machine: nginx" in lines


def test_a_noisy_machine_is_said() -> None:
    noisy = a_run()
    noisy.load = 4.0
    console = Console(width=120)
    with console.capture() as shown:
        print_machine(console, noisy)
    assert "not idle: load 4.0" in shown.get()


def test_charts_are_the_same_for_the_same_results(tmp_path: Path) -> None:
    from benchmarks.charts import draw_charts  # matplotlib is slow to import

    for name in ("one", "two"):
        draw_charts(a_run(), tmp_path / name)
    chart = (tmp_path / "one" / "bench-campaign.svg").read_bytes()
    assert chart == (tmp_path / "two" / "bench-campaign.svg").read_bytes()
    assert b"wa-bulk send" in chart
    assert b"httpx" not in chart


def test_figures_replace_what_stood_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_figures(a_run(), page, tmp_path / "images")
    once = page.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert "| wa-bulk send | 52,000.0 ± 4% | 0.475 |" in once
    assert "![How fast?](images/bench-campaign.svg)" in once
    write_figures(a_run(), page, tmp_path / "images")
    assert page.read_text(encoding="utf-8") == once


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("hand-written\n", encoding="utf-8")
    with pytest.raises(MarksError, match=r"performance\.md"):
        write_figures(a_run(), page, None)
    assert page.read_text(encoding="utf-8") == "hand-written\n"


def test_the_command_shows_earlier_results_and_draws_them(tmp_path: Path) -> None:
    write_results(a_run(), tmp_path / "results.json")
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    done = CliRunner().invoke(
        main,
        [
            *("--from", str(tmp_path / "results.json")),
            *("--charts", str(tmp_path / "images")),
            *("--markdown", str(page)),
        ],
    )
    assert (done.exit_code, done.exception) == (0, None)
    assert "campaign, of wrk" in done.output
    assert (tmp_path / "images" / "bench-campaign.svg").exists()
    assert "campaign, of wrk" in page.read_text(encoding="utf-8")


def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--from", str(tmp_path / "nowhere.json")])
    assert done.exit_code == 1
    assert "nowhere.json" in done.output
    done = CliRunner().invoke(main, ["no-such-scenario"])
    assert done.exit_code == 2
    assert "transport" in done.output
