"""What does it cost to make a request's bytes?"""

import sys
from collections.abc import Sequence

from benchmarks.model import PEAK_RSS_MB, Candidate, Column, Group, Reading, Scenario, Stage
from benchmarks.process import Finished
from benchmarks.readings import MEGABYTE, report_of
from benchmarks.workers.encode import EncodeReport


def encoder(name: str, function: str, *needs: str, ours: bool = False) -> Candidate:
    def command(stage: Stage) -> Sequence[str]:
        seconds = "0.4" if stage.quick else "1"
        return [sys.executable, "-m", "benchmarks.workers.encode", function, "--seconds", seconds]

    return Candidate(name=name, command=command, read=read_encoder, needs=needs, ours=ours)


def read_encoder(finished: Finished, stage: Stage) -> Reading:
    report = report_of(finished, EncodeReport)
    return {"us": report.us, "bytes": report.bytes, "peak_rss_mb": finished.peak_rss / MEGABYTE}


SCENARIO = Scenario(
    name="encode",
    question=__doc__,
    note="From a CSV row to the bytes of a template message; the fastest of many passes over 1,000 rows.",
    groups=(
        Group(
            name="a template message",
            columns=(
                Column(key="us", heading="µs/message", decimals=2),
                Column(key="bytes", heading="bytes"),
                PEAK_RSS_MB,
            ),
            reference="dict + json",
            candidates=(
                encoder("wa_bulk, compiled campaign", "compiled", ours=True),
                encoder("wa_bulk, structs", "structs", ours=True),
                encoder("wa_bulk, structs, validated", "validated_structs", ours=True),
                encoder("dict + msgspec", "dict_msgspec"),
                encoder("dict + orjson", "dict_orjson", "orjson"),
                encoder("dict + json", "dict_json"),
                encoder("pydantic", "pydantic", "pydantic"),
            ),
        ),
    ),
)
