"""The machine: what it is, which cores to use, and what a process on it has spent."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import msgspec

PACKAGES = (
    "wa-bulk aiohttp aiolimiter celery httptools httpx msgspec niquests orjson pydantic redis requests "
    "taskiq taskiq-redis urllib3 uvloop"
).split()


class Machine(msgspec.Struct, kw_only=True):
    """Where a run was measured."""

    processor: str
    cores: int
    memory_mb: int | None
    system: str
    python: str
    openssl: str
    client_core: int | None
    server_core: int | None


class Cores(msgspec.Struct, frozen=True):
    """The core for the client and the one for the server; None where they cannot be told apart or pinned."""

    client: int | None
    server: int | None


def choose_cores() -> Cores:
    if not hasattr(os, "sched_getaffinity") or not shutil.which("taskset"):
        return Cores(None, None)
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[1], allowed[0]) if len(allowed) > 1 else Cores(None, None)


def pinned(core: int | None, command: list[str]) -> list[str]:
    """Return `command` bound to `core`, or unchanged for None."""
    return command if core is None else ["taskset", "--cpu-list", str(core), *command]


def process_cpu_s(pid: int) -> float | None:
    """Return the CPU seconds, user and system, a live process has used; None where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_resident(pid: int) -> int:
    """Return the most bytes a live process has had resident, as /proc tells."""
    return resident(pid, "VmHWM")


def resident(pid: int, field: str = "VmRSS") -> int:
    """Return a field of /proc/PID/status in bytes. Raises LookupError where there is none of that name."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/{pid}/status has no {field}")


def describe_machine(cores: Cores) -> Machine:
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_mb=_memory_mb(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        openssl=ssl.OPENSSL_VERSION,
        client_core=cores.client,
        server_core=cores.server,
    )


def versions() -> dict[str, str]:
    """Return the versions of the packages and programs that took part, of those that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "urllib3" in found:
        # Another distribution may have put its own package in the place of this one.
        found["urllib3"] = importlib.import_module("urllib3").__version__
    for program in ("nginx", "redis-server", "wrk"):
        if shutil.which(program):
            found[program] = _program_version(program)
    return found


def missing(needs: tuple[str, ...]) -> str | None:
    """Return the first of `needs` that is neither an importable module nor a program on PATH, or None."""
    for need in needs:
        if importlib.util.find_spec(need) is None and shutil.which(need) is None:
            return need
    return None


def console_script(name: str) -> str | None:
    """Return the path of a script installed beside this interpreter, or on PATH."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def wa_bulk_program() -> list[str]:
    """Return `wa-bulk` as a command: the installed script, or the same through the interpreter."""
    script = console_script("wa-bulk")
    return [script] if script else [sys.executable, "-m", "wa_bulk"]


def _program_version(program: str) -> str:
    printed = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", printed.stderr + printed.stdout)
    return found.group() if found else "?"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_mb() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    except (OSError, ValueError):
        return None
