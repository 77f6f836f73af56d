"""One command for each thing one does with a checkout. Needs Python 3.11 or newer and nothing else.

python3 dev.py demo    run the demonstration: a campaign against a local EngageLab
python3 dev.py test    run the tests (further words go to pytest, e.g. -k pacer)
python3 dev.py lint    check style and types
python3 dev.py bench   run the benchmarks (further words go to them, e.g. --quick)
python3 dev.py numbers write the numbering plans anew, from the newest phonenumbers
python3 dev.py run …   run wa-bulk itself, e.g. `python3 dev.py run sandbox`

The first time, each makes what it needs in the folder .venv beside this file.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("WA_BULK_VENV", ROOT / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
TESTS_AT_ONCE = ["-n", str(2 * (os.cpu_count() or 1))]  # they wait for a third of their time


def ensure(*extras: str) -> None:
    """Makes the virtual environment with the package and these extras, unless they are there already."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / f"installed-{'-'.join(extras) or 'package'}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not Path(PYTHON).exists():
        print(f"making {VENV} …", file=sys.stderr, flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
        if made.returncode:
            sys.exit("could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv")
    what = f".[{','.join(extras)}]" if extras else "."
    print(f"installing wa-bulk{what[1:]} into {VENV} …", file=sys.stderr, flush=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", what]
    if subprocess.run(pip, cwd=ROOT, check=False).returncode:
        sys.exit("installing failed; pip says why above")
    stamp.write_text(wanted)


def run(*command: str) -> int:
    """Runs a command from the project's folder and gives its exit code."""
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        return 130


def main(words: list[str]) -> int:
    """Does what the first word says with the rest."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    command, rest = (words[0], words[1:]) if words else ("", [])
    if command in ("demo", "run"):
        ensure()
        return run(PYTHON, "-m", "wa_bulk", *(words if command == "demo" else rest))
    if command == "test":
        ensure("dev")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # wa-bulk is started a hundred times: compile it once
        return run(PYTHON, "-m", "pytest", *TESTS_AT_ONCE, *rest)
    if command == "lint":
        ensure("bench", "dev")
        checks = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
        return max([run(PYTHON, "-m", *check) for check in checks])
    if command == "bench":
        ensure("bench", "redis")
        return run(PYTHON, "-m", "benchmarks", *rest)
    if command == "numbers":
        ensure("dev")
        upgrade = run(PYTHON, "-m", "pip", "install", "--quiet", "--upgrade", "phonenumbers")
        return upgrade or run(PYTHON, "-m", "tools.number_plans")
    print((__doc__ or "").strip())
    return 0 if command in ("help", "--help", "-h") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
