"""The check itself: it finds nothing in good books, and every kind of fault in bad ones."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.balance import check
from tests.chaos.campaign import Life
from tests.chaos.recipients import Wanted, crowd
from tests.chaos.recorder import Arrival

WANTED = [*crowd(6), Wanted("skip", crowd(1)[0].to, earlier=1)]
Line = dict[str, Any]


class Story:
    """A run of seven rows, killed after the fourth had arrived; the third was accepted and not recorded."""

    def __init__(self) -> None:
        self.log: list[Line] = [
            run(1),
            {"type": "intent", "rows": [1, 2]},
            result(1, "accepted", message_id="m-1"),
            {"type": "intent", "rows": [3, 4]},
            result(2, "failed"),
            run(2),
            result(3, "unknown"),
            result(4, "unknown"),
            {"type": "intent", "rows": [5, 6]},
            result(7, "skipped", reason="duplicate of row 1"),
            result(5, "accepted", message_id="m-5"),
            result(6, "rejected"),
            {"type": "end", "stopped": None, "totals": totals(accepted=2, rejected=1, failed=1, unknown=2)},
        ]
        self.arrivals = [
            arrival(1, 1, "accept", 200),
            arrival(2, 2, "error", 500),
            arrival(3, 3, "accept", 200),
            arrival(4, 4, "reset_before", None),
            arrival(5, 5, "accept", 200),
            arrival(6, 6, "refuse", 400),
        ]
        self.lives = [
            Life(("send",), 1, -signal.SIGKILL, "", 0, 4),
            Life(("resume",), 2, 1, "", 4, 6),
        ]

    def faults(self) -> list[str]:
        log = b"".join(json.dumps(line).encode() + b"\n" for line in self.log)
        return check(log, WANTED, self.lives, self.arrivals)


def run(pid: int) -> Line:
    return {"type": "run", "pid": pid, "settings": {"rate": 80, "concurrency": 2}}


def result(row: int, status: str, **more: str) -> Line:
    return {"type": "result", "row": row, "to": WANTED[row - 1].to, "status": status, **more}


def totals(**counts: int) -> dict[str, int]:
    return {"skipped": 1, **counts}


def arrival(n: int, row: int, kind: str, replied: int | None) -> Arrival:
    accepted = kind == "accept"
    return Arrival(
        n=n,
        at=n / 100,
        row=row,
        to=[WANTED[row - 1].to],
        request_id=f"chaos-{row}",
        kind=kind,
        accepted=accepted,
        message_id=f"m-{n}" if accepted else None,
        replied=replied,
    )


def again(story: Story, row: int) -> None:
    """The second process sends this row once more."""
    story.log.insert(8, {"type": "intent", "rows": [row, row]})
    story.arrivals.append(arrival(7, row, "accept", 200))
    story.lives[1].arrivals = 7


def test_nothing_is_wrong_with_good_books() -> None:
    assert Story().faults() == []


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (lambda story: story.log.pop(10), "1 rows have no result"),
        (lambda story: story.log.pop(12), "does not end as a finished run's does"),
        (lambda story: story.log.pop(3), "rows arrived without an intent on disk"),
        (
            lambda story: story.log.insert(2, {"type": "intent", "rows": [20, 40]}),
            "rows were left open by a crash",
        ),
        (lambda story: story.log[12]["totals"].update(accepted=3), "the end line says"),
        (lambda story: story.log[2].update(message_id="m-9"), "said to be accepted as m-9"),
        (lambda story: story.log[2].update(to="+449"), "belongs to"),
        (lambda story: story.log[6].update(status="rejected"), "row 3 was accepted as"),
        (lambda story: story.log[6].update(status="failed"), "rows were accepted, but the log called them"),
        (lambda story: story.log[7].update(status="failed"), "row 4 is said to have failed"),
        (lambda story: story.log[7].update(status="rejected"), "row 4 is said to be rejected"),
        (lambda story: story.log[9].update(reason="duplicate of row 2"), "row 7 repeats row 1"),
        (lambda story: story.log[9].update(status="accepted"), "row 7 repeats row 1"),
        (lambda story: setattr(story.lives[1], "exit_code", 2), "ended with 2"),
        (lambda story: setattr(story.lives[1], "exit_code", -15), "ended with -15"),
        (lambda story: setattr(story.arrivals[0], "request_id", "chaos-2"), "row 1 arrived as"),
        (lambda story: again(story, 1), "row 1, then accepted, was sent again"),
        (lambda story: again(story, 2), "row 2, then failed, was sent again"),
        (lambda story: again(story, 3), "row 3, then held, was sent again"),
        (lambda story: again(story, 5), "row 5 was sent again by the same process after accept"),
        (lambda story: again(story, 6), "row 6 was sent again by the same process after refuse"),
        (lambda story: again(story, 7), "row 7 was not to be sent"),
    ],
)
def test_every_fault_is_found(tamper: Callable[[Story], object], fault: str) -> None:
    story = Story()
    tamper(story)
    assert any(fault in found for found in story.faults()), story.faults()


def test_a_torn_line_is_one_before_a_run_line_only() -> None:
    story = Story()
    lines = [json.dumps(line).encode() for line in story.log]
    for at, wrong in ((5, False), (4, True)):
        torn = b"\n".join([*lines[:at], lines[at][:20], *lines[at:], b""])
        assert bool(check(torn, WANTED, story.lives, story.arrivals)) == wrong
