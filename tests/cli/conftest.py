"""A sandbox to send to, a small campaign to send, and the real command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from wa_bulk.cli import app
from wa_bulk.sandbox import Sandbox

CAMPAIGN = """
name = "orders"
recipients = "orders.csv"
rate = 0

[message]
to = "{phone}"

[message.body]
type = "text"

[message.body.text]
body = "Hello {name}"
"""

GOOD = [(f"+4915228817{n:03d}", f"Zoë {n}") for n in range(386, 391)]
FAULTY = [*GOOD, ("4.47912E+11", "Ann"), GOOD[0], ("+4915228817999", "")]


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """A running sandbox without messages."""
    sandbox_server.clear()
    return sandbox_server


class Folder(NamedTuple):
    """A folder with a campaign, in which the command is run against the sandbox."""

    path: Path
    environment: dict[str, str]

    @property
    def campaign(self) -> Path:
        return self.path / "orders.toml"

    def recipients(self, rows: Sequence[tuple[str, str]]) -> None:
        """Put these numbers and names into the campaign's CSV."""
        lines = ["phone,name", *(f"{phone},{name}" for phone, name in rows)]
        (self.path / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """The command in a process of its own, started."""
        return subprocess.Popen(
            [sys.executable, "-m", "wa_bulk", *map(str, arguments)],
            cwd=self.path,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: str | Path, **environment: str | None) -> Result:
        """The command, run to its end within this process."""
        return self.feed(b"", *arguments, **environment)

    def feed(self, data: bytes, *arguments: str | Path, **environment: str | None) -> Result:
        """The same, with this on its standard input."""
        return CliRunner().invoke(
            app, [*map(str, arguments)], input=data, env={**self.environment, **environment}
        )


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A campaign of five good rows in a folder of its own, where the test now is."""
    monkeypatch.chdir(tmp_path)
    environment = {
        "WA_BULK_BASE_URL": sandbox.url,
        "WA_BULK_DEV_KEY": sandbox.key,
        "WA_BULK_DEV_SECRET": sandbox.secret,
        "COLUMNS": "80",
    }
    environment["WA_BULK_DB"] = str(tmp_path / "memory.db")
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    folder = Folder(tmp_path, environment)
    folder.campaign.write_text(CAMPAIGN, encoding="utf-8")
    folder.recipients(GOOD)
    return folder
