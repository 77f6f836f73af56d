"""The long form of the proof: `python -m tests.chaos --kills 200 --rows 20000 --seed 1`.

Attacks one campaign after another until so many kills are done. A seed decides everything about a campaign
but what the machine does with it: how far it had come when a kill fell.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.chaos.attack import Tale, attacks


async def main(kills: int, rows: int, seed: int) -> int:
    """Returns how many campaigns had an invariant broken."""
    tales: list[Tale] = []
    async for tale in attacks(kills, rows, seed):
        print(tale, flush=True)
        tales.append(tale)
    broken = sum(bool(tale.faults) for tale in tales)
    print(
        f"{sum(tale.kills for tale in tales)} kills, {sum(tale.power_cuts for tale in tales)} with a power "
        f"cut, over {len(tales)} campaigns of {rows:,} rows and {sum(tale.arrivals for tale in tales):,} "
        f"requests in {sum(tale.seconds for tale in tales) / 60:.0f} min: "
        + (f"{broken} campaigns BROKEN" if broken else "no invariant broken")
    )
    return broken


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="in all")
    parser.add_argument("--rows", type=int, default=20_000, help="of each campaign")
    parser.add_argument("--seed", type=int, default=1, help="of the first campaign; each next has one more")
    chosen = parser.parse_args()
    sys.exit(min(asyncio.run(main(chosen.kills, chosen.rows, chosen.seed)), 1))
