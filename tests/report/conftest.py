"""A summary that the terminal and the page are tested with."""

from pathlib import Path

import pytest

from tests.report.logs import end, intent, result, run, write
from wa_bulk.report.summary import Summary, summarise

HOSTILE = "</style><script>alert(1)</script><img src=x onerror='alert(2)'> & \"quoted\" [bold]markup[/]"


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    """A run with something of everything, and words that try to be more than words."""
    return summarise(
        write(
            tmp_path / "orders <b>.jsonl",
            run(rows=2000),
            intent(1, 40),
            *(result(row, seconds=row / 10, latency_ms=40.0 + row) for row in range(1, 20)),
            *(result(row, "rejected", 3, code=3002, error=HOSTILE) for row in range(20, 24)),
            result(24, "failed", 3, attempts=5, error="no answer"),
            *(result(row, "unknown", 3, error=HOSTILE) for row in range(25, 50)),
            result(50, "skipped", 3, attempts=0, reason="duplicate of row 1"),
            end(4, "fatal", HOSTILE),
            run(60, rows=2000),
            intent(51, 60),
            result(51, seconds=61),
        )
    )
