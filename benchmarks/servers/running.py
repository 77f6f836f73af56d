"""Starting and stopping one server process on loopback, on its own core."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import pinned, process_cpu_s
from benchmarks.servers.certificate import Certificate
from benchmarks.servers.nginx import write_configuration

START_WITHIN_S = 10.0
STOP_WITHIN_S = 10.0
POLL_EVERY_S = 0.01


@dataclass(frozen=True, kw_only=True)
class ServerNeed:
    """What a scenario asks of its server. Delays and arrival records are only to be had of the bundled one.

    `only` names the program (`nginx` or `bundled`) where the servers themselves are compared.
    """

    tls: bool = False
    delay_ms: float = 0.0
    spread_ms: float = 0.0
    record_arrivals: bool = False
    only: str | None = None

    @property
    def program(self) -> str:
        """The fastest server that fits: `nginx` where it is installed and enough, else `bundled`."""
        if self.only:
            return self.only
        if self.delay_ms or self.record_arrivals or not shutil.which("nginx"):
            return "bundled"
        return "nginx"


class ServerError(RuntimeError):
    """The server did not start."""


class RunningServer:
    """A started server; `cpu_s()` is the CPU seconds it has used, None where the system does not tell."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def cpu_s(self) -> float | None:
        return process_cpu_s(self._process.pid)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_server(
    need: ServerNeed,
    port: int,
    directory: Path,
    certificate: Certificate | None,
    core: int | None,
) -> Iterator[RunningServer]:
    """Run the server that fits `need` on loopback `port`; on leaving, stop it and wait until it is gone.

    Arrivals, where asked for, are in `directory / "arrivals"` afterwards. Raises ServerError.
    """
    errors_path = directory / "server-errors"
    with errors_path.open("wb") as errors:
        process = subprocess.Popen(
            pinned(core, _command(need, port, directory, certificate)),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    try:
        _wait_until_listening(process, port, need.program, errors_path)
        yield RunningServer(process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(need: ServerNeed, port: int, directory: Path, certificate: Certificate | None) -> list[str]:
    if need.program == "nginx":
        configuration = write_configuration(directory, port, certificate)
        return ["nginx", "-p", str(directory), "-c", str(configuration)]
    command = [sys.executable, "-m", "benchmarks.servers.constant", "--port", str(port)]
    if certificate:
        command += ["--certificate", str(certificate.chain)]
    if need.delay_ms:
        command += ["--delay-ms", str(need.delay_ms), "--spread-ms", str(need.spread_ms)]
    if need.record_arrivals:
        command += ["--arrivals", str(directory / "arrivals")]
    return command


def _wait_until_listening(
    process: "subprocess.Popen[bytes]", port: int, program: str, errors_path: Path
) -> None:
    give_up_at = time.monotonic() + START_WITHIN_S
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL_EVERY_S)
        else:
            return
    words = errors_path.read_text(errors="replace").strip() or "no error was printed"
    raise ServerError(f"{program} did not start on port {port}: {words}")
