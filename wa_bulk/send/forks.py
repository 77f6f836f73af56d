"""What a forked child must not share with its parent is made anew in it."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class StartsAnew(Protocol):
    """Something that a forked child cannot use as its parent left it."""

    def start_anew(self) -> None:
        """Let go of what is the parent's; called in the child, just after the fork."""


_watched: weakref.WeakSet[StartsAnew] = weakref.WeakSet()


def watch_forks(one: StartsAnew) -> None:
    """Have `one` start anew in any child of this process, for as long as somebody holds on to it."""
    _watched.add(one)


def _in_child() -> None:
    for one in list(_watched):
        one.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
