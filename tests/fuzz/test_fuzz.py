"""Inputs that once broke something, and bounded searches for more."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import TARGETS

SECONDS = 8


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[name](path.read_bytes())


@pytest.mark.soak
@pytest.mark.timeout(SECONDS * 10)
@pytest.mark.parametrize("name", TARGETS)
def test_a_search(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS)]
    root = str(Path(__file__).parents[2])
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-4000:]
