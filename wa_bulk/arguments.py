"""What a program hands over, taken for what it is, or refused with what was expected of it."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import SupportsIndex

_EXACT_IN_A_FLOAT = 2**53


def text(name: str, value: object, expected: str = "text") -> str:
    """Return `value`, which may be a subclass of str, as text; raises TypeError for anything else."""
    if not isinstance(value, str):
        raise _unexpected(name, value, expected)
    return str.__str__(value)


def whole_number(name: str, value: object) -> int:
    """Return `value`, of any type of whole numbers, as an int; raises TypeError for anything else."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise _unexpected(name, value, "a whole number")
    return operator.index(value)


def number(name: str, value: object) -> float:
    """Return `value`, of any type of real numbers, as a plain one; raises TypeError for anything else."""
    if type(value) is int and abs(value) < _EXACT_IN_A_FLOAT:
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise _unexpected(name, value, "a number")
    try:
        return float(value)
    except OverflowError:
        return -math.inf if value < 0 else math.inf


def check_methods(name: str, value: object, methods: Sequence[str], protocol: str) -> None:
    """Raise TypeError for a value without the methods of a protocol."""
    missing = [method for method in methods if not callable(getattr(value, method, None))]
    if missing:
        raise TypeError(f"the {name} {type(value).__name__} has no {', '.join(missing)}: see {protocol}")


def _unexpected(name: str, value: object, expected: str) -> TypeError:
    kind = "None" if value is None else type(value).__name__
    return TypeError(f"{name} is {kind}; expected {expected}")
