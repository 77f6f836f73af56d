"""Look for input that breaks something: `python -m tests.fuzz TARGET [--seconds N]`.

Guided by coverage where atheris is installed (`pip install atheris`), else by a seeded mutator. Ends with an
error, having written the input to the current folder, when it finds one. New inputs that reach new code are
kept in --corpus; without it nothing is kept.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

CORPUS = Path(__file__).parent / "corpus"
TARGETS = "tests.fuzz.targets"
MAX_BYTES = 8192


def main() -> None:
    """Fuzz one target."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    chosen = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        by_mutation(chosen.target, chosen.seconds, chosen.seed)
    else:
        by_coverage(atheris, chosen.target, chosen.seconds, chosen.seed, chosen.corpus)


def by_coverage(atheris: ModuleType, name: str, seconds: int, seed: int, kept: Path | None) -> None:
    """Have atheris find new inputs; it ends the process."""
    with atheris.instrument_imports(include=["wa_bulk"]):
        target = importlib.import_module(TARGETS).TARGETS[name]
    folder = kept or Path(tempfile.mkdtemp(prefix="wa-bulk-corpus-"))
    folder.mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={MAX_BYTES}",
        "-timeout=20",
        "-print_final_stats=1",
    )
    atheris.Setup([sys.argv[0], str(folder), str(CORPUS / name), *options, "-verbosity=0"], target)
    atheris.Fuzz()


def by_mutation(name: str, seconds: int, seed: int) -> None:
    """Try changed inputs of the corpus."""
    from tests.fuzz.mutator import mutations

    target = importlib.import_module(TARGETS).TARGETS[name]
    corpus = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    end = time.monotonic() + seconds
    for data in mutations(corpus, seed):
        try:
            target(data[:MAX_BYTES])
        except BaseException:
            found = Path(f"crash-{name}-{seed}")
            found.write_bytes(data[:MAX_BYTES])
            print(f"the input is in {found}", file=sys.stderr)
            raise
        if time.monotonic() > end:
            return


if __name__ == "__main__":
    main()
