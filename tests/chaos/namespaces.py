"""Machines of their own for workers: network namespaces, each with one way to Redis and one to EngageLab.

A way that is down drops every packet without a word, as a broken switch does; where only its replies are
lost, what is sent arrives all the same.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

import pytest

Way = Literal["redis", "api"]
MUST_RUN = "WA_BULK_TESTS_MUST_RUN"
"""Set where nothing may be left out: by .ci/run."""


class Machine:
    """A namespace. `command` goes before what is to run in it."""

    def __init__(self, lan: Lan, number: int) -> None:
        self._lan = lan
        self.name = f"{lan.name}{number}"
        self.command = ("ip", "netns", "exec", self.name)
        self._number = number

    def make(self) -> None:
        """Make it, with a way to each address of the network."""
        _ip("netns", "add", self.name)
        _ip("-n", self.name, "link", "set", "lo", "up")
        for at, way in enumerate(self._lan.addresses):
            here, there = self._link(way), f"{self._link(way)}p"
            ours, theirs = self._lan.addresses_of(self._number, at)
            _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
            _ip("addr", "add", f"{ours}/30", "dev", here)
            _ip("link", "set", here, "up")
            _ip("-n", self.name, "addr", "add", f"{theirs}/30", "dev", there)
            _ip("-n", self.name, "link", "set", there, "up")
            _ip("-n", self.name, "route", "add", self._lan.addresses[way], "via", ours)

    def delete(self) -> None:
        """Delete it, with the ends of its ways."""
        for way in self._lan.addresses:
            subprocess.run(["ip", "link", "del", self._link(way)], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def cut(self, way: Way) -> None:
        """Drop every packet of a way, both there and back."""
        _ip("link", "set", self._link(way), "down")

    def mend(self, way: Way) -> None:
        """Let packets through again."""
        _ip("link", "set", self._link(way), "up")

    def lose_replies(self, way: Way) -> None:
        """Drop every packet that comes back."""
        _ip("route", "add", "blackhole", f"{self._theirs(way)}/32")

    def deliver_replies(self, way: Way) -> None:
        """Let packets come back again."""
        _ip("route", "del", "blackhole", f"{self._theirs(way)}/32")

    def _theirs(self, way: Way) -> str:
        return self._lan.addresses_of(self._number, [*self._lan.addresses].index(way))[1]

    def _link(self, way: Way) -> str:
        return f"{self.name}{way[0]}"


class Lan:
    """A network with an address for Redis and one for EngageLab, which only its machines have a way to."""

    def __init__(self, second: int, third: int) -> None:
        self.name = f"wb{secrets.token_hex(2)}"
        self._net = f"10.{second}"
        self._third = third
        self.addresses: dict[Way, str] = {"redis": f"{self._net}.0.1", "api": f"{self._net}.0.2"}

    def addresses_of(self, number: int, at: int) -> tuple[str, str]:
        """Give the addresses of both ends of a machine's way."""
        first = 4 * (2 * number + at)
        return f"{self._net}.{self._third}.{first + 1}", f"{self._net}.{self._third}.{first + 2}"


@contextmanager
def machines(count: int) -> Iterator[tuple[Lan, list[Machine]]]:
    """Make so many machines; skips the test, with the reason, where this process may make none."""
    if reason := _why_not():
        assert MUST_RUN not in os.environ, reason
        pytest.skip(reason)
    lan = Lan(200 + secrets.randbelow(50), 1 + secrets.randbelow(250))
    with ExitStack() as stack:
        for address in lan.addresses.values():
            _ip("addr", "add", f"{address}/32", "dev", "lo")
            stack.callback(_ip, "addr", "del", f"{address}/32", "dev", "lo")
        made = [Machine(lan, number) for number in range(count)]
        for machine in made:
            stack.callback(machine.delete)
            machine.make()
        yield lan, made


def _why_not() -> str:
    if shutil.which("ip") is None:
        return "network namespaces need ip (Debian: apt install iproute2)"
    name = f"wb{secrets.token_hex(3)}"
    tried = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True)
    if tried.returncode:
        return f"this process may make no network namespaces: {tried.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
