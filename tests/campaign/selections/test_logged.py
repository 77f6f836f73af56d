from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.callbacks.memory import hear
from tests.callbacks.rows import status
from tests.campaign.fixture import CampaignFixture, number
from tests.report.logs import RUN_ID, intent, result, run, write
from wa_bulk.campaign.selections.logged import from_log
from wa_bulk.campaign.selections.spec import SelectionError
from wa_bulk.history import Deliveries, History
from wa_bulk.ledger.log_format import ReopenedLine, ResultLine, SourceRef, WrittenLine
from wa_bulk.send.outcome import Status

ROWS = 12


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignFixture:
    """Return the files of a campaign with twelve rows."""
    campaign = CampaignFixture(tmp_path)
    campaign.write_row_count(ROWS)
    return campaign


def to(row: int, status: Status, person: int | None = None) -> ResultLine:
    """Return a result of a row that went to the number of `person`, its own unless given."""
    return replace(result(row, status), to=number(person or row))


def write_log(log: Path, campaign: CampaignFixture, *lines: WrittenLine) -> None:
    source, toml = campaign.recipients, campaign.campaign
    begun = replace(
        run(),
        campaign=str(toml),
        campaign_sha256=hashlib.sha256(toml.read_bytes()).hexdigest(),
        source=SourceRef(str(source), hashlib.sha256(source.read_bytes()).hexdigest(), ROWS),
    )
    write(log, begun, *lines)


def selected(log: Path, *statuses: str, memory: Path | None = None) -> list[int]:
    """Return the persons, by the row whose own number theirs is, who have one of these statuses."""
    opened: list[History] = []

    def deliveries(base_url: str | None) -> Deliveries | None:
        assert base_url is None, "the log tells of none"
        if memory is None:
            return None
        opened.append(History.open(memory))
        return opened[-1].deliveries

    try:
        numbers, wanted, run_id = from_log(log, statuses, deliveries)
    finally:
        for history in opened:
            history.close()
    assert run_id == RUN_ID
    return sorted(key - int(number(0)) for key in numbers.keys_of(wanted))


EVERY_KIND: list[WrittenLine] = [
    to(1, "accepted"),
    to(2, "rejected"),
    to(3, "failed"),
    to(4, "unknown"),
    to(5, "skipped"),
    to(6, "rejected", 1),  # accepted in row 1
    to(7, "failed", 2),  # rejected in row 2, which is weaker
    to(8, "unknown"),
    to(8, "accepted"),
    to(9, "rejected"),
    ReopenedLine(RUN_ID, (9, 9), "refused as a whole"),
    replace(result(10, "rejected"), to="4.47E+11"),
    intent(11, 11),
]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["accepted"], [1, 8]),
        (["rejected"], []),
        (["failed"], [2, 3]),
        (["unknown"], [4, 11]),
        (["accepted", "unknown"], [1, 4, 8, 11]),
        (["skipped"], [5]),
        (["unsent"], [9, 12]),
        (["skipped", "unsent"], [5, 9, 12]),
    ],
)
def test_a_number_has_the_strongest_status_of_its_rows(
    log: Path, campaign: CampaignFixture, statuses: list[str], expected: list[int]
) -> None:
    write_log(log, campaign, *EVERY_KIND)
    assert selected(log, *statuses) == expected


CALLBACKS = [
    status("read", message_id="m1", tag=f"{RUN_ID}:1"),
    status("delivered", message_id="m2", tag=f"{RUN_ID}:2"),
    status("sent", message_id="m3", tag=f"{RUN_ID}:3"),
    status("delivered_failed", message_id="m4", tag=f"{RUN_ID}:4", code=131049),
    status("sent_failed", message_id="m5", tag=f"{RUN_ID}:5", code=131026),
    status("delivered", message_id="m6", tag=f"{RUN_ID}:6"),
    status("delivered", message_id="m8", tag=f"{RUN_ID}:8"),
]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["delivered"], [1, 2, 4, 6]),
        (["read"], [1]),
        (["unread"], [2, 3, 4, 5, 6, 7]),
        (["undelivered"], [3, 5, 7]),
        (["131026"], [5]),
        (["131049"], []),  # delivered in row 8
        (["131026", "read"], [1, 5]),
        (["rejected", "read"], [1, 9]),
        (["accepted"], [1, 2, 3, 4, 5, 7]),  # by the log alone
    ],
)
def test_callbacks_tell_how_far_a_message_came(
    log: Path, campaign: CampaignFixture, tmp_path: Path, statuses: list[str], expected: list[int]
) -> None:
    lines: list[WrittenLine] = [to(row, "accepted") for row in (1, 2, 3, 4, 5, 7)]
    write_log(log, campaign, *lines, to(6, "unknown"), to(8, "accepted", 4), to(9, "rejected"))
    hear(tmp_path / "memory.db", *CALLBACKS)
    assert selected(log, *statuses, memory=tmp_path / "memory.db") == expected


@pytest.mark.parametrize("statuses", [["read"], ["131049"], ["accepted", "undelivered"]])
@pytest.mark.parametrize("heard_of_another_run", [True, False])
def test_where_no_callback_is_known_nobody_is_selected_by_them(
    log: Path, campaign: CampaignFixture, tmp_path: Path, statuses: list[str], heard_of_another_run: bool
) -> None:
    write_log(log, campaign, to(1, "accepted"))
    hear(tmp_path / "memory.db", status("read"))
    with pytest.raises(SelectionError, match="no callback is known of the run of "):
        selected(log, *statuses, memory=tmp_path / "memory.db" if heard_of_another_run else None)


def test_people_of_rows_without_a_result_are_read_from_the_recipients_as_they_were(
    log: Path, campaign: CampaignFixture
) -> None:
    write_log(log, campaign, to(1, "accepted"), intent(2, 3), replace(to(4, "accepted"), to=None))
    assert selected(log, "accepted", "unknown") == [1, 2, 3, 4]
    for file in (campaign.recipients, campaign.campaign):
        before = file.read_bytes()
        file.write_bytes(before + b"\n")
        with pytest.raises(SelectionError, match=f"no number for 3 of its rows.*{file.name} is not the file"):
            selected(log, "accepted")
        file.unlink()
        with pytest.raises(SelectionError, match="no number for 3 of its rows"):
            selected(log, "accepted")
        file.write_bytes(before)


def test_where_every_row_has_a_result_the_log_is_enough(log: Path, campaign: CampaignFixture) -> None:
    write_log(log, campaign, *(to(row, "accepted") for row in range(1, ROWS)))
    campaign.recipients.unlink()
    assert len(selected(log, "accepted")) == ROWS - 1
    with pytest.raises(SelectionError, match="no number for 1 of its rows"):
        selected(log, "unsent")
