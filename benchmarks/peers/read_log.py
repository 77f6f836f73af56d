"""Reads a log's lines and nothing more: `python -m benchmarks.peers.read_log msgspec log.jsonl`."""

import json
import sys
from pathlib import Path

import msgspec

from wa_bulk.campaign.log import LogLine


def main(how: str, log: str) -> None:
    decode = json.loads if how == "json" else msgspec.json.Decoder(LogLine).decode
    with Path(log).open("rb") as lines:
        for line in lines:
            decode(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
