from __future__ import annotations

import json
import re

import msgspec
import pytest

from tests.ledger.lines import RUN_ID, encoded, reopened, run_line
from wa_bulk.ledger.log_format import (
    CollectedLine,
    DeliveryLine,
    EndLine,
    IntentLine,
    ResultLine,
    RunLine,
    Totals,
    WithdrawnLine,
    WrittenLine,
    timestamp,
)

ONE_OF_EACH: list[WrittenLine] = [
    run_line(pid=4711),
    IntentLine(RUN_ID, (1, 50), 312),
    ResultLine(RUN_ID, 7, "+447911123456", "failed", timestamp(1), 5, error="Zeit\u00fcberschreitung 🙁"),
    WithdrawnLine(RUN_ID, (8, 50), "stopped before they left"),
    reopened(1, 6),
    DeliveryLine(RUN_ID, 7, None, "m7", "sent_failed", timestamp(2), 131026),
    CollectedLine(RUN_ID, "1700000000000-3"),
    EndLine(RUN_ID, timestamp(2), "interrupted", Totals(failed=1), "interrupted", 900),
]


def written(*lines: WrittenLine) -> list[dict[str, object]]:
    return [json.loads(line) for line in encoded(*lines).splitlines()]


def test_lines_read_as_the_contract_says() -> None:
    run, intent, result, _, again, delivery, collected, end = written(*ONE_OF_EACH)
    assert [*run] == [
        *("type", "format", "run_id", "campaign", "at", "source", "campaign_sha256", "settings", "pid")
    ]
    assert run["format"] == 1
    assert run["source"] == {"path": "/campaigns/recipients.csv", "sha256": "ab" * 32}
    assert intent == {"type": "intent", "run_id": RUN_ID, "rows": [1, 50], "synced": 312}
    assert result == {
        "type": "result",
        "run_id": RUN_ID,
        "row": 7,
        "to": "+447911123456",
        "status": "failed",
        "at": "1970-01-01T00:00:00.001Z",
        "attempts": 5,
        "error": "Zeit\u00fcberschreitung 🙁",
    }
    assert again == {
        "type": "reopened",
        "run_id": RUN_ID,
        "rows": [1, 6],
        "reason": "every answer was the same",
    }
    assert delivery["code"] == 131026
    assert collected == {"type": "collected", "run_id": RUN_ID, "position": "1700000000000-3"}
    assert end["totals"] == {"accepted": 0, "rejected": 0, "failed": 1, "unknown": 0, "skipped": 0}
    assert end["synced"] == 900


def test_what_is_not_known_is_left_out() -> None:
    (ended,) = written(EndLine(RUN_ID, timestamp(), None, Totals()))
    assert ended["stopped"] is None
    assert not {"detail", "synced"} & ended.keys()
    (intent,) = written(IntentLine(RUN_ID, (1, 2)))
    assert "synced" not in intent


def test_every_kind_of_line_begins_with_its_type() -> None:
    assert [next(iter(line)) for line in written(*ONE_OF_EACH)] == ["type"] * len(ONE_OF_EACH)


def test_a_run_line_cannot_be_made_without_its_format() -> None:
    fields = {name: getattr(run_line(), name) for name in RunLine.__struct_fields__ if name != "format"}
    with pytest.raises(TypeError, match="format"):
        RunLine(**fields)


@pytest.mark.parametrize("rows", [-1, 1_000_000_001, 10**18])
def test_no_source_has_such_a_number_of_rows(rows: int) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"source\.rows"):
        msgspec.json.decode(encoded(run_line(rows=rows)), type=RunLine)


def test_timestamps_are_rfc_3339_in_utc() -> None:
    assert timestamp(1_714_564_800_250) == "2024-05-01T12:00:00.250Z"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamp())
