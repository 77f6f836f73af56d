"""Measuring a process: what it printed, how it ended and what it cost."""

import sys

import pytest

from benchmarks.process import Finished, ProcessError, run_measured


def run(code: str, *, observe: bool = False, timeout_s: float = 30) -> Finished:
    return run_measured(
        [sys.executable, "-I", "-S", "-c", code],
        core=None,
        environment={"FROM_THE_TEST": "yes"},
        timeout_s=timeout_s,
        observe=observe,
    )


def test_a_process_is_reported_as_it_ended() -> None:
    finished = run(
        "import os, sys; print(os.environ['FROM_THE_TEST']); print('why', file=sys.stderr); sys.exit(3)"
    )
    assert (finished.status, finished.stdout, finished.last_words) == (3, b"yes\n", "why")


def test_a_signal_is_a_negative_status() -> None:
    assert run("import os; os.kill(os.getpid(), 9)").status == -9


def test_cpu_time_and_peak_memory_are_the_process_own() -> None:
    megabytes = 60
    hungry = run(
        f"import time; block = b'x' * {megabytes * 1_000_000}\nwhile time.process_time() < 0.2: pass"
    )
    modest = run("pass")
    assert hungry.cpu_s >= 0.2
    assert hungry.peak_rss - modest.peak_rss >= megabytes * 900_000
    assert modest.peak_rss < 40_000_000


def test_a_live_process_can_be_observed() -> None:
    finished = run("import time\nwhile time.process_time() < 0.8: pass", observe=True)
    assert [seen.cpu_s for seen in finished.observations] == sorted(
        seen.cpu_s for seen in finished.observations
    )
    assert len(finished.observations) >= 2


def test_a_process_that_does_not_end_is_ended() -> None:
    with pytest.raises(ProcessError, match="not finished after 1 s"):
        run("import time; time.sleep(600)", timeout_s=1)


def test_a_command_that_does_not_exist_is_a_clear_failure() -> None:
    with pytest.raises(ProcessError, match="no-such-program"):
        run_measured(["no-such-program"], core=None, environment={}, timeout_s=30)
