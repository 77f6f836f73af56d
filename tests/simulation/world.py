"""What all parts of a simulated world share: its chance, its trace, and the process that lives in it."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

from tests.simulation.loop import SimulatedLoop
from tests.simulation.scenario import Scenario


class World:
    """One simulation's world.

    `met` counts what happened in it; it `is_calm` once nothing goes wrong any more.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.met: Counter[str] = Counter()
        self.trace: list[str] = []
        self.now = 0.0
        """Virtual time, while no process is running."""
        self.loop: SimulatedLoop | None = None
        self.stretch = 0
        self.is_calm = False

    def chance(self, part: str) -> random.Random:
        """Give a part of the world its own randomness, so that more of it here changes nothing there."""
        return random.Random(f"{self.scenario.seed} {part}")

    @property
    def time(self) -> float:
        """Virtual seconds since the world began."""
        return self.loop.now if self.loop is not None else self.now

    @property
    def is_dead(self) -> bool:
        """Whether the process died: nothing that is left of it may have an effect."""
        return self.loop is None or self.loop.dead

    def note(self, happened: str, detail: str = "") -> None:
        """Put something into the trace, and count it."""
        self.met[happened] += 1
        self.trace.append(f"{self.time:.6f} {self.stretch} {happened}{f': {detail}' if detail else ''}")

    def hash(self) -> str:
        """Condense the trace."""
        return hashlib.blake2b("\n".join(self.trace).encode(), digest_size=8).hexdigest()
