"""Files that a command is given. One of another kind than it takes is told with the command that takes it."""

from __future__ import annotations

import re
import shlex
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import click

from wa_bulk.cli.problem import Problem

Kind = Literal["campaign", "log", "table"]

_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "campaign": (".toml",),
    "log": (".jsonl",),
    "table": (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".gz"),
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CAMPAIGN_LINE = re.compile(r"^\s*(\[+\s*message\b|(name|recipients|rate)\s*=)", re.MULTILINE)
_BEGINNING_BYTES = 4096
_LOOKED_AT = 200


class FilePath(click.Path):
    """A file, by a name that a log or a report can hold; `~` is the home folder."""

    def __init__(self, *, writable: bool = False, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=writable, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. An empty one, which an unset variable of the shell leaves, is refused."""
        name = str(value)
        if not name:
            self.fail("no file is named", param, ctx)
        if _NOT_PRINTABLE.search(name):
            self.fail(f"{name!r} holds control characters, or is not UTF-8: rename the file", param, ctx)
        if name.startswith("~") and not Path(name).exists():
            try:
                name = str(Path(name).expanduser())
            except RuntimeError:
                self.fail(f"{name!r}: there is no such home folder", param, ctx)
        return super().convert(name, param, ctx)


class GivenFile(FilePath):
    """A file of one kind. For one that is of another, a Problem says what to type instead."""

    def __init__(self, wanted: Kind, *, allow_dash: bool = False) -> None:
        super().__init__(allow_dash=allow_dash)
        self.wanted = wanted

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, whether or not there is a file."""
        path = super().convert(value, param, ctx) if not Path(str(value)).is_dir() else Path(str(value))
        if self.allow_dash and str(path) == "-":
            return path
        command = ctx.info_name if ctx is not None and ctx.info_name else "send"
        if path.is_dir():
            raise Problem(f"{path} is a folder: name the {self.wanted} in it", *_in_folder(path, self.wanted))
        if not path.exists():
            if near := _near(path, self.wanted):
                raise Problem(f"{path}: there is no such file", f"Did you mean {near}?")
        elif path.is_file() and (kind := kind_of(path)) not in (None, self.wanted):
            assert kind is not None
            raise Problem(*_instead(path, kind, self.wanted, command))
        return path


def kind_of(path: Path) -> Kind | None:
    """Tell what a file is by its first bytes or, where these say nothing, by its name; None: unknown."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING_BYTES)
    except OSError:
        return None
    if beginning.startswith(b'{"type":'):
        return "log"
    if beginning.startswith(_WORKBOOKS):
        return "table"
    encoding = "utf-16" if beginning.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = beginning.decode(encoding, "replace")
    if _CAMPAIGN_LINE.search(text):
        return "campaign"
    lines = [line for line in text.splitlines() if line.strip()]
    if (
        lines
        and "=" not in lines[0]
        and re.search(r"[,;\t|]", lines[0])
        and not lines[0].startswith(("#", "["))
    ):
        return "table"
    return next((kind for kind, suffixes in _SUFFIXES.items() if path.suffix.lower() in suffixes), None)


def _instead(path: Path, kind: Kind, wanted: Kind, command: str) -> list[str]:
    """Say what `path` is, and the commands that take it."""
    name = shlex.quote(str(path))
    if kind == "log":
        what = f"{path} is the log of a run, not "
        if wanted == "campaign":
            return [
                f"{what}a campaign",
                f"To go on with that run:  wa-bulk resume {name}",
                f"What became of it:       wa-bulk report {name}",
            ]
        return [f"{what}recipients", f"Rows of that run:  wa-bulk report {name} --rows failed --csv fix.csv"]
    if kind == "campaign":
        what = f"{path} is a campaign, not "
        if wanted == "table":
            return [f"{what}recipients", f"To send it:  wa-bulk send {name}"]
        if logs := _logs_of(path):
            newest = shlex.quote(str(logs[0]))
            return [f"{what}the log of a run", f"Its newest log:  wa-bulk {command} {newest}"]
        return [
            f"{what}the log of a run",
            "There is no log of it in this folder or its own.",
            f"To send it:  wa-bulk send {name}",
        ]
    what = f"{path} is a table, not "
    if wanted == "log":
        return [f"{what}the log of a run", *_in_folder(Path(), "log")]
    told = [f"To send it:    wa-bulk {command} {shlex.quote(str(file))}" for file in _campaigns_of(path)]
    return [
        f"{what}a campaign: what to send to these recipients is in a TOML file",
        *(told or [f"With a campaign of yours:  wa-bulk {command} CAMPAIGN.toml --recipients {name}"]),
        f"A new one:{'     ' if told else '                 '}wa-bulk init {name}",
    ]


def _in_folder(folder: Path, wanted: Kind) -> list[str]:
    """Name the newest file of that kind in a folder."""
    found = [path for path in _files(folder, wanted) if kind_of(path) == wanted]
    return [f"The newest there: {found[0]}"] if found else []


def _files(folder: Path, kind: Kind) -> list[Path]:
    """List the files that may be of that kind by their name, the newest first, and a few hundred at most."""
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES[kind]]
        files = [path for path in files if path.is_file()]
        return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[:_LOOKED_AT]
    except OSError:
        return []


def _logs_of(campaign: Path) -> list[Path]:
    """Find the logs of a campaign, in the working directory and beside it; the newest first."""
    from wa_bulk.ledger.log_format import LogError
    from wa_bulk.ledger.log_reader import read_run

    logs = []
    for folder in dict.fromkeys((Path(), campaign.parent)):
        for path in _files(folder, "log"):
            try:
                if read_run(path).campaign == str(campaign.resolve()):
                    logs.append(path)
            except LogError:
                continue
    return logs


def _campaigns_of(recipients: Path) -> list[Path]:
    """Find a campaign in the same folder that names these recipients."""
    from wa_bulk.campaign.file import CampaignError, load

    for path in _files(recipients.parent, "campaign"):
        try:
            named = load(path).recipients
            if named is not None and named.exists() and named.samefile(recipients):
                return [path]
        except (CampaignError, OSError):
            continue
    return []


def _near(path: Path, wanted: Kind) -> str | None:
    """Return the file that was probably meant."""
    names = [found.name for found in _files(path.parent, wanted)]
    folded = {name.casefold(): name for name in names} | {Path(name).stem.casefold(): name for name in names}
    near = get_close_matches(path.name.casefold(), folded, n=1, cutoff=0.75)
    return str(path.with_name(folded[near[0]])) if near else None
