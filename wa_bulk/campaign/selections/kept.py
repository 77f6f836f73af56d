"""A run's selections, kept beside its log, so that every resume applies what the run began with.

What a selection names changes: that log is resumed too, callbacks come in. So its numbers are written to a
file of their own, one a line, `<log>.only-1.txt`, and the log's settings hold that file's name and hash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from wa_bulk.campaign.rules.selection import Kind, SelectionRule
from wa_bulk.history.number_map import NumberMap
from wa_bulk.ledger.log_format import LogError

_LINES_AT_ONCE = 4096


class Kept(Struct, frozen=True):
    """A selection as a run's settings have it. `file` is the name of a file beside the log."""

    kind: Kind
    named: str
    file: str
    numbers: int
    sha256: str


def described(rules: Sequence[SelectionRule], log: Path) -> str | None:
    """Return the selections of a run as its settings have them; None where there are none."""
    if not rules:
        return None
    return msgspec.json.encode([_describe(rule, log, place) for place, rule in enumerate(rules, 1)]).decode()


def kept_of(settings: object) -> list[Kept]:
    """Read what `described` returned. Raises ValueError for anything else."""
    return msgspec.json.decode(settings, type=list[Kept]) if isinstance(settings, str) else []


def keep(rules: Sequence[SelectionRule], log: Path) -> None:
    """Write the files that `described` names; on disk when it returns. Raises LogError."""
    for place, rule in enumerate(rules, 1):
        path = _file(rule, log, place)
        try:
            path.touch(0o600, exist_ok=False)
            with path.open("wb") as file:
                file.writelines(_blocks(rule))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LogError(f"cannot keep the selection in {path}: {error.strerror}") from error


def restored(log: Path, settings: str | None) -> list[SelectionRule]:
    """Return the selections of a run that goes on. Raises LogError where a file is not what it was."""
    try:
        kept = kept_of(settings)
    except ValueError as error:
        raise LogError(f"{log} is damaged: the selections of its run cannot be read: {error}") from None
    return [_restore(log.parent / one.file, one) for one in kept]


def _describe(rule: SelectionRule, log: Path, place: int) -> Kept:
    digest = hashlib.sha256()
    count = 0
    for block in _blocks(rule):
        digest.update(block)
        count += block.count(b"\n")
    return Kept(rule.kind, rule.named, _file(rule, log, place).name, count, digest.hexdigest())


def _file(rule: SelectionRule, log: Path, place: int) -> Path:
    return log.with_name(f"{log.name}.{rule.kind}-{place}.txt")


def _blocks(rule: SelectionRule) -> Iterator[bytes]:
    lines: list[bytes] = []
    for key in rule.numbers():
        lines.append(b"+%d\n" % key)
        if len(lines) == _LINES_AT_ONCE:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines)


def _restore(path: Path, kept: Kept) -> SelectionRule:
    numbers = NumberMap(kept.numbers)
    digest = hashlib.sha256()
    count = 0
    try:
        if not path.is_file():  # a pipe would be waited for
            raise FileNotFoundError
        with path.open("rb") as file:
            for line in file:
                digest.update(line)
                count += 1
                if count <= kept.numbers:
                    numbers.raise_to(int(line), 1)
    except (OSError, ValueError, OverflowError):
        digest.update(b"not what it was")
    if digest.hexdigest() != kept.sha256:
        raise LogError(
            f"{path}: is missing, or is not what this run began with: the people that --{kept.kind} "
            f"{kept.named} stood for. Put the original back, or the rest would go to others"
        )
    return SelectionRule(kept.kind, kept.named, numbers, frozenset({1}))
