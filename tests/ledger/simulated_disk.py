"""A log on a disk that forgets what was not synced, page by page, when the power is cut."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class AtOnce(Executor):
    """Does what it is given there and then, in the thread of the event loop."""

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        done: Future[Result] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class SimulatedFile:
    """A `LogFile` in memory.

    `faults` are raised by the next appends and syncs, in order; None lets one pass. An append that fails
    has written half.
    """

    def __init__(self, path: Path, content: bytes = b"", *, in_place: bool = True) -> None:
        self.path = path
        self.content = bytearray(content)
        self.on_disk = bytes(content)
        self.faults: list[OSError | None] = []
        self.in_place = in_place
        self.discarded = False
        self.closed = False
        self.syncs = 0

    def _fail(self) -> None:
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault

    def append(self, data: bytes) -> None:
        try:
            self._fail()
        except OSError:
            self.content += data[: len(data) // 2]
            raise
        self.content += data

    def sync(self) -> None:
        self._fail()
        self.on_disk = bytes(self.content)
        self.syncs += 1

    def sync_name(self) -> None:
        pass

    def size(self) -> int:
        return len(self.content)

    def ends_within_line(self) -> bool:
        return bool(self.content) and not self.content.endswith(b"\n")

    def is_in_place(self) -> bool:
        return self.in_place

    def discard(self) -> None:
        self.discarded = True

    def close(self) -> None:
        self.closed = True


def after_power_cut(content: bytes, on_disk: bytes, chance: random.Random, page_bytes: int = 64) -> bytes:
    """What may be left of a file: each page that changed since the last sync is there, or as it was before.

    What a page never held are zeros, or rubbish. The end may be missing altogether.
    """
    left = bytearray(on_disk)
    for start in range(len(on_disk) // page_bytes * page_bytes, len(content), page_bytes):
        page = content[start : start + page_bytes]
        if chance.random() < 0.5:
            lost = max(len(on_disk) - start, 0)
            never = len(page) - lost
            fill = bytes(never) if chance.random() < 0.7 else chance.randbytes(never)
            page = on_disk[start : start + lost] + fill
        left[start:] = page
    return bytes(left[: chance.choice([len(left), chance.randint(len(on_disk), len(left))])])
