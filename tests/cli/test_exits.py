"""The exit codes, as the table that they are."""

import pytest

from wa_bulk.cli import exits

ALL_FINE = {"accepted": 5, "skipped": 2, "rejected": 0, "failed": 0, "unknown": 0}


@pytest.mark.parametrize(
    ("stopped", "totals", "code"),
    [
        (None, ALL_FINE, 0),
        (None, {}, 0),
        (None, {**ALL_FINE, "rejected": 1}, 1),
        (None, {**ALL_FINE, "failed": 1}, 1),
        (None, {**ALL_FINE, "unknown": 1}, 1),
        ("fatal", ALL_FINE, 3),
        ("failures", {**ALL_FINE, "failed": 9}, 3),
        ("interrupted", ALL_FINE, 130),
        ("interrupted", {**ALL_FINE, "rejected": 1}, 130),
    ],
)
def test_how_a_run_ended(stopped: str | None, totals: dict[str, int], code: int) -> None:
    assert exits.of_run(stopped, totals) == code
    assert code in exits.MEANING
