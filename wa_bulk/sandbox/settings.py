"""What a sandbox is started with."""

from __future__ import annotations

from msgspec import Struct

from wa_bulk.sandbox.callbacks import CallbackSettings
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.journey import Delivery
from wa_bulk.sandbox.templates import Review


class SandboxSettings(Struct, frozen=True, kw_only=True):
    """All of it has a default.

    `port` 0 takes a free one. `key` and `secret` are what clients sign in with. `db` is a file that
    keeps everything across restarts; without it messages stand in memory, the newest `cap` of them
    (100,000 when left out; with a `db`, no cap when left out). `seed` decides every chance.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str = "sandbox"
    secret: str = "sandbox"
    db: str | None = None
    cap: int | None = None
    seed: int = 0
    faults: FaultSettings = FaultSettings()
    delivery: Delivery = Delivery()
    callbacks: CallbackSettings = CallbackSettings()
    review: Review = Review()
