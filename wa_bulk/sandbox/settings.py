"""What a sandbox is started with."""

from __future__ import annotations

from msgspec import Struct

from wa_bulk.sandbox.callbacks import CallbackSettings
from wa_bulk.sandbox.delivery import Delivery
from wa_bulk.sandbox.faults import FaultSettings
from wa_bulk.sandbox.templates import Review


class SandboxSettings(Struct, frozen=True, kw_only=True):
    """How a sandbox is started. Every setting has a default.

    `port` 0 takes a free one. `key` and `secret` are what clients sign in with. `allow_hosts` are further
    names by which it may be called (addresses, localhost and names without a dot always may),
    `allow_callback_hosts` hosts beyond this machine that callbacks may be sent to by those who call it; `*`
    allows all. `db` is a file that keeps everything across restarts; without it messages are in memory, the
    newest `cap` of them (100,000 when left out; with a `db`, no cap when left out). `seed` decides every
    random choice.
    """

    host: str = "127.0.0.1"
    port: int = 0
    key: str = "sandbox"
    secret: str = "sandbox"
    allow_hosts: tuple[str, ...] = ()
    allow_callback_hosts: tuple[str, ...] = ()
    db: str | None = None
    cap: int | None = None
    seed: int = 0
    faults: FaultSettings = FaultSettings()
    delivery: Delivery = Delivery()
    callbacks: CallbackSettings = CallbackSettings()
    review: Review = Review()
