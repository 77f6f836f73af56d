"""A real redis-server of one's own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

WAIT_S = 60.0
SAFE = {"appendonly": "yes", "appendfsync": "always"}
"""Options of a server that loses nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """A redis-server on a port of `host`, its files in `folder`. `options` as in its configuration file."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", **options: str) -> None:
        program = shutil.which("redis-server")
        assert program is not None, "these tests need redis-server (Debian: apt install redis-server)"
        self.folder = folder
        self.host = host
        self.port = free_port()
        self.password = options.get("requirepass")
        settings = {
            "port": str(self.port),
            "bind": " ".join({"127.0.0.1": None, host: None}),
            "protected-mode": "no",
            "dir": str(folder),
            "save": "",
            "appendonly": "no",
            "loglevel": "warning",
            "logfile": str(folder / "redis.log"),
            **{name.replace("_", "-"): value for name, value in options.items()},
        }
        self._command = [program]
        for name, value in settings.items():
            self._command += [f"--{name}", value]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        who = f":{self.password}@" if self.password else ""
        return f"redis://{who}{self.host}:{self.port}/0"

    def start(self) -> Self:
        self.process = started(self._command, self.port, self.folder / "redis.log")
        return self

    def command(self, *words: str) -> bytes:
        """Send one command by a connection of its own, and give the raw reply to it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            if self.password:
                connection.sendall(_encoded("AUTH", self.password))
                connection.recv(1 << 16)
            connection.sendall(_encoded(*words))
            return connection.recv(1 << 20)

    def info(self, name: str) -> str:
        """A value of INFO."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(_encoded("INFO", "everything"))
            text = b""
            while not text.endswith(b"\r\n\r\n") and f"\r\n{name}:".encode() not in text:
                text += connection.recv(1 << 16)
            text += connection.recv(1 << 16) if not text.split(f"{name}:".encode())[1].count(b"\r\n") else b""
        return text.split(f"\r\n{name}:".encode())[1].split(b"\r\n")[0].decode()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WAIT_S)
            self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def started(command: list[str], port: int, log: Path) -> subprocess.Popen[bytes]:
    """Start a redis-server or a Sentinel, and return once it answers at `port`."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    by = time.monotonic() + WAIT_S
    while not _answers(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < by, "redis-server does not answer"
        time.sleep(0.01)
    return process


def _answers(port: int) -> bool:
    """Tell whether a server is there, be it that it wants a password."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(_encoded("PING"))
            return connection.recv(1 << 16).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False


def _encoded(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)
