"""Times one encoder: `python -m benchmarks.workers.encode dict_json --seconds 1`."""

import gc
import itertools
import time

import click
import msgspec

from benchmarks.messages import rows
from benchmarks.peers import encoders

VARIETY = 1000


class EncodeReport(msgspec.Struct):
    """The fastest pass over the rows, µs a message, and the mean length of a request, bytes."""

    us: float
    bytes: float


@click.command(help=__doc__)
@click.argument("encoder")
@click.option("--seconds", type=float, required=True)
def main(encoder: str, seconds: float) -> None:
    encode: encoders.Encode = getattr(encoders, encoder)()
    recipients = list(itertools.islice(rows(), VARIETY))
    length = sum(len(encode(row)) for row in recipients) / VARIETY
    gc.collect()
    fastest_s = float("inf")
    stop_at = time.perf_counter() + seconds
    while (started := time.perf_counter()) < stop_at:
        for row in recipients:
            encode(row)
        fastest_s = min(fastest_s, time.perf_counter() - started)
    click.echo(msgspec.json.encode(EncodeReport(fastest_s / VARIETY * 1e6, length)))


if __name__ == "__main__":
    main()
