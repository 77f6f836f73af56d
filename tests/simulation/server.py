"""The simulated EngageLab, proxies and all: what it took, and what it said."""

from __future__ import annotations

import json
from collections import defaultdict

import msgspec

from tests.simulation.answers import ACCEPTED, BY_NAME, Answer, Evidence, Request
from tests.simulation.scenario import Outage
from tests.simulation.world import World

SECRET = "thisIsTheSecretOfTheSimulation"

_TAKEN_THOUGH_LOST = 0.6
"""How likely a message was taken whose reply was lost."""


class Attempt(msgspec.Struct):
    """A request on the wire. `evidence` is what its sender came to know at `answered_at`."""

    n: int
    at: float
    stretch: int
    row: int
    to: list[str]
    sender: str | None
    request_id: str
    fate: str
    taken: bool
    message_id: str
    evidence: Evidence = "nothing"
    answered_at: float | None = None
    in_doubt: bool = False
    """Whether the row may have been taken before."""
    fresh: int = 0
    """How many rows that could be sent the run had not come to, at that time."""
    begun_at: float = 0.0
    """When it had its turn; it is written once there is a connection."""
    pause_s: float = 0.0
    """How long the answer asks this sending number to wait."""
    underway: int = 0
    """How many requests had their turn when that answer came, and waited for a connection to be begun on."""

    @property
    def by_gateway(self) -> bool:
        """Whether it was a gateway that answered, without the server's own words."""
        return self.fate in BY_NAME and BY_NAME[self.fate].gateway


class Server:
    """Remembers every attempt, and decides what each one meets."""

    def __init__(self, world: World) -> None:
        self.attempts: list[Attempt] = []
        self.by_row: dict[int, list[Attempt]] = defaultdict(list)
        self.world = world
        self._chance = world.chance("server")
        scenario = world.scenario
        self._fates = [*scenario.weights]
        self._weights = [*scenario.weights.values()]
        self._began = 0.0
        self._outages: tuple[Outage, ...] = ()

    def begin(self, outages: tuple[Outage, ...]) -> None:
        """Let a stretch begin, with these outages before it."""
        self._began = self.world.time
        self._outages = outages

    def receive(self, payload: bytes, begun_at: float) -> Attempt:
        """Take note of a request as it is written to the wire, and decide its fate."""
        request = json.loads(payload)
        fate = self._fate()
        if fate in BY_NAME:
            taken = self._chance.random() < BY_NAME[fate].taken
        else:
            taken = fate != "reset before" and self._chance.random() < _TAKEN_THOUGH_LOST
        n = len(self.attempts) + 1
        attempt = Attempt(
            n=n,
            at=self.world.time,
            stretch=self.world.stretch,
            row=int(request["custom_args"]["wa_bulk"].partition(":")[2]),
            to=request["to"],
            sender=request.get("from"),
            request_id=request["request_id"],
            fate=fate,
            taken=taken,
            begun_at=begun_at,
            message_id=f"{7_000_000_000_000 + n}",
        )
        self.attempts.append(attempt)
        self.by_row[attempt.row].append(attempt)
        self.world.note(
            f"answer: {fate}" if fate in BY_NAME else f"network: {fate}", f"row {attempt.row}, taken {taken}"
        )
        return attempt

    def answer(self, attempt: Attempt) -> Answer:
        """Give the answer that an attempt was to get."""
        request = Request(attempt.request_id, attempt.message_id, SECRET, self._chance)
        return BY_NAME[attempt.fate].make(request)

    def is_down(self) -> bool:
        """Whether nobody can connect at this moment."""
        return any(outage.name == "down" for outage in self._outages_now())

    def latency(self) -> float:
        """Draw how long an answer takes, in seconds."""
        return self.world.scenario.latency_s * (0.1 + self._chance.random() ** 3 * 5)

    def _fate(self) -> str:
        if self.world.is_calm:
            return ACCEPTED.name
        for outage in self._outages_now():
            self.world.met[f"outage: {outage.name}"] += 1
            return self._chance.choice(outage.fates)
        return self._chance.choices(self._fates, self._weights)[0]

    def _outages_now(self) -> list[Outage]:
        now = self.world.time - self._began
        return [outage for outage in self._outages if outage.begin <= now < outage.end]
