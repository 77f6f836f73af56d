"""Reads a log's lines and nothing more: `python -m benchmarks.peers.read_log msgspec log.jsonl`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from wa_bulk.ledger.log_format import WrittenLine


def main(how: str, log: str) -> None:
    decoders: dict[str, Callable[[bytes], object]] = {
        "json": json.loads,
        "msgspec": msgspec.json.decode,
        "typed": msgspec.json.Decoder(WrittenLine).decode,
    }
    decode = decoders[how]
    with Path(log).open("rb") as lines:
        for line in lines:
            decode(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
