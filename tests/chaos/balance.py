"""The independent check: what the log says against what the server saw.

Every check yields sentences about what is wrong; an empty list means that the books balance.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tests.chaos.books import Books, Entry, Stretch
from tests.chaos.campaign import SECRET, Campaign, Life
from tests.chaos.recipients import Wanted
from tests.chaos.recorder import Arrival

AHEAD_S = 0.05
SPEED_OVER_S = 0.1
ASK_TO_COME_AGAIN = ("error", "gateway", "too_fast")
MAY_HAVE_GONE_OUT = ("accepted", "unknown", "open", "held")
Paired = Sequence[tuple[Life, Stretch | None]]
"""Each process with what it wrote, if it came to that."""


def faults(campaign: Campaign) -> list[str]:
    """What is wrong with the books of a campaign that came to its end."""
    log = campaign.log.read_bytes()
    found = check(log, campaign.wanted, campaign.lives, campaign.server.arrivals())
    if campaign.log.stat().st_mode & 0o777 != 0o600:
        found.append("the log's mode is not 0600")
    for text in (log.decode(errors="replace"), *(life.stderr for life in campaign.lives)):
        if SECRET in text:
            found.append("the secret was told")
    return found


def check(
    log: bytes, wanted: Sequence[Wanted], lives: Sequence[Life], arrivals: Sequence[Arrival]
) -> list[str]:
    """What is wrong with the log of a finished run over `wanted` rows, carried out by `lives` in order."""
    books = Books(log)
    by_row: dict[int, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_row[arrival.row].append(arrival)
    stretches = {stretch.run["pid"]: stretch for stretch in books.stretches}
    paired = [(life, stretches.get(life.pid)) for life in lives]
    return [
        *books.faults,
        *_every_row_has_its_status(wanted, books),
        *_rows_match_what_arrived(wanted, books, by_row),
        *_lives(paired, arrivals),
        *_twice_only_if_proven_or_asked(paired, by_row),
    ]


def _every_row_has_its_status(wanted: Sequence[Wanted], books: Books) -> Iterator[str]:
    rows = range(1, len(wanted) + 1)
    if list(rows) != sorted(books.last_result):
        missing = sorted(set(rows) - set(books.last_result))
        yield f"{len(missing)} rows have no result, or rows do that are not there: {missing[:5]}"
    if held := [row for row, state in books.stretches[-1].after.items() if state in ("open", "held")]:
        yield f"{len(held)} rows were left open: {held[:5]}"
    if books.end is None or books.end["stopped"] is not None:
        yield f"the log does not end as a finished run's does: {books.end}"
        return
    counted = Counter(result["status"] for result in books.last_result.values())
    if counted != Counter(books.end["totals"]):
        yield f"the end line says {books.end['totals']}, the results say {counted}"
    if counted.total() != len(wanted):
        yield f"the statuses add up to {counted.total()}, the CSV has {len(wanted)} rows"


def _rows_match_what_arrived(
    rows_wanted: Sequence[Wanted], books: Books, by_row: dict[int, list[Arrival]]
) -> Iterator[str]:
    for row, wanted in enumerate(rows_wanted, 1):
        result = books.last_result.get(row)
        if result is None:
            continue
        came = by_row.get(row, [])
        status = result["status"]
        ids = [arrival.message_id for arrival in came if arrival.accepted]
        if wanted.kind == "skip" and (status, result.get("reason")) != (
            "skipped",
            f"duplicate of row {wanted.earlier}",
        ):
            yield f"row {row} repeats row {wanted.earlier}, but the log says {result}"
        # Where a power cut took what may have announced it, a row keeps what the log says of it.
        in_doubt = (status, result.get("attempts")) == ("unknown", 0)
        if wanted.kind == "refuse" and not in_doubt and (status != "rejected" or not result.get("reason")):
            yield f"row {row} had to be refused, but the log says {result}"
        if wanted.kind != "send" and came:
            yield f"row {row} was not to be sent, and arrived {len(came)} times"
        if wanted.kind == "send" and status == "skipped":
            yield f"row {row} was skipped: {result}"
        if ids and status not in ("accepted", "unknown"):
            yield f"row {row} was accepted as {ids}, but the log says {status}"
        if status == "failed" and not all(arrival.proven_not_accepted for arrival in came):
            yield f"row {row} is said to have failed, but not all of {came} were answered"
        if (
            status == "rejected"
            and wanted.kind == "send"
            and "refuse" not in [a.kind for a in came if a.replied]
        ):
            yield f"row {row} is said to be rejected, but nobody did: {came}"
        if status == "accepted" and result.get("message_id") not in ids:
            yield f"row {row} is said to be accepted as {result.get('message_id')}, but it was as {ids}"
        if wanted.kind == "send" and result["to"] != wanted.to:
            yield f"row {row} belongs to {wanted.to}, but the log says {result['to']}"
        for arrival in came:
            if arrival.to != [wanted.to] or arrival.request_id != f"chaos-{row}":
                yield f"row {row} arrived as {arrival.to}, {arrival.request_id}"


def _lives(paired: Paired, arrivals: Sequence[Arrival]) -> Iterator[str]:
    """At the end of each process: no arrival without an intent, none lost, and no more open than allowed."""
    accepted: set[int] = set()
    for life, stretch in paired:
        came = arrivals[life.arrivals_before : life.arrivals]
        if life.exit_code not in (0, 1, 3, 130) and not life.killed and not life.ended_as_it_left:
            yield f"{life.command} ended with {life.exit_code}: {life.stderr[-1000:]}"
        if stretch is None:
            if came:
                yield f"{len(came)} requests were sent by {life.command}, which had not begun its log"
            continue
        if early := sorted({arrival.row for arrival in came} - stretch.intended):
            yield f"{len(early)} rows arrived without an intent on disk: {early[:5]}"
        accepted |= {arrival.row for arrival in came if arrival.accepted}
        lost = [row for row in accepted if stretch.after.get(row) not in MAY_HAVE_GONE_OUT]
        if lost:
            states = {stretch.after.get(row) for row in lost}
            yield f"{len(lost)} rows were accepted, but the log called them {states}: {lost[:5]}"
        opened = [row for row, state in stretch.after.items() if state == "open"]
        if stretch.ended and opened:
            yield f"{len(opened)} rows were left open by a process that ended with {life.exit_code}"
        # Rows that were in doubt already, and are sent again on the user's word, are no more so than before.
        newly = sum(stretch.before.get(row) not in ("unknown", "held") for row in opened)
        bound = unknown_bound(stretch.run["settings"], came)
        if newly > bound:
            yield f"{newly} rows were left open by a crash, at most {bound} may be"


def unknown_bound(settings: Entry, arrivals: Sequence[Arrival]) -> int:
    """How many rows one crash may leave open: those in flight, and those announced ahead."""
    concurrency: int = settings["concurrency"]
    rate: float = settings["rate"]
    if rate:
        return concurrency + max(1, round(rate * AHEAD_S))
    at = [arrival.at for arrival in arrivals]
    most, first = 0, 0
    for index, now in enumerate(at):
        while at[first] < now - SPEED_OVER_S:
            first += 1
        most = max(most, index - first + 1)
    fastest = (most + concurrency) / SPEED_OVER_S
    return concurrency + max(concurrency, round(fastest * AHEAD_S))


def _twice_only_if_proven_or_asked(paired: Paired, by_row: dict[int, list[Arrival]]) -> Iterator[str]:
    for row, came in by_row.items():
        for earlier, later in itertools.pairwise(came):
            life, stretch = next(pair for pair in paired if later.n <= pair[0].arrivals)
            if earlier.n > life.arrivals_before:
                told_to_come_again = earlier.proven_not_accepted and earlier.kind in ASK_TO_COME_AGAIN
                if not (told_to_come_again or life.retries_unknown):
                    yield f"row {row} was sent again by the same process after {earlier.kind}"
                continue
            state = stretch.before.get(row, "never") if stretch else "never"
            before = [arrival for arrival in came if arrival.n < later.n]
            proven = all(arrival.proven_not_accepted and arrival.kind != "refuse" for arrival in before)
            asked = (
                (state == "never" and proven)
                or (state == "failed" and proven and life.retries_failed)
                or (state in ("unknown", "held") and life.retries_unknown)
            )
            if not asked:
                yield (
                    f"row {row}, then {state}, was sent again by {life.command}, "
                    f"after {[arrival.kind for arrival in before]}"
                )
