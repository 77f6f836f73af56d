"""A real nginx between `wa-bulk` and whoever plays EngageLab."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    limit_req_zone $server_name zone=all:1m rate=200r/s;
    proxy_http_version 1.1;
    {settings}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location @well {{ return 200 "<html>all is well</html>"; }}
        location / {{ proxy_pass {upstream}; {location} }}
    }}
}}
"""


class Gateway:
    """A running nginx. Made by `gateway`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = process

    def reload(self) -> None:
        """Begin anew with fresh workers; the old ones finish what they have and close their connections."""
        self._process.send_signal(signal.SIGHUP)

    def kill_workers(self) -> None:
        """Kill what carries the connections; nginx starts another at once."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        for child in children.split():
            os.kill(int(child), signal.SIGKILL)


@asynccontextmanager
async def gateway(
    folder: Path, upstream: str, settings: str = "", location: str = ""
) -> AsyncIterator[Gateway]:
    """An nginx that passes requests on to `upstream`, with more lines of configuration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder, port=port, upstream=upstream, settings=settings, location=location
        )
    )
    process = await asyncio.create_subprocess_exec(
        *("nginx", "-p", str(folder), "-c", str(configuration), "-e", str(folder / "nginx.log"))
    )
    try:
        await _listening(port)
        yield Gateway(process, port)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
