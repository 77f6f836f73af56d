"""Does memory grow with the number of rows?"""

from benchmarks.messages import write_campaign
from benchmarks.model import CPU_US, PEAK_RSS_MB, PER_S, Candidate, Group, Scenario, Stage
from benchmarks.scenarios.wa_bulk_cli import wa_bulk_send
from benchmarks.servers.running import ServerNeed

FEWEST = 10_000
MOST = 1_000_000
NUMBERS_OF_ROWS = (FEWEST, 100_000, MOST)


def label(rows: int) -> str:
    return f"wa-bulk send, {rows:,} rows"


def of_rows(rows: int) -> Candidate:
    return wa_bulk_send(label(rows), lambda stage: rows)


def prepare(stage: Stage) -> None:
    for rows in NUMBERS_OF_ROWS:
        write_campaign(stage.directory, rows)


SCENARIO = Scenario(
    name="memory",
    question=__doc__,
    rounds=3,
    quick_rounds=1,
    note="Peak resident memory of the whole process; every row has a number of its own.",
    groups=(
        Group(
            name="rows",
            columns=(PEAK_RSS_MB, PER_S, CPU_US),
            reference=label(FEWEST),
            candidates=tuple(of_rows(rows) for rows in NUMBERS_OF_ROWS),
            server=ServerNeed(),
            prepare=prepare,
        ),
    ),
)
