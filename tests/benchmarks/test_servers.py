"""The bundled server as a real process, spoken to over real sockets."""

import shutil
import socket
import ssl
import time
from array import array
from pathlib import Path

import pytest

from benchmarks.servers.certificate import Certificate, make_certificate
from benchmarks.servers.constant import REPLY, REPLY_BODY
from benchmarks.servers.running import ServerError, ServerNeed, free_port, running_server

REQUEST = b'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{"to":["+1"]}'[:-1]
BUNDLED = "bundled"


def exchange(connection: socket.socket, sent: list[bytes], replies: int) -> bytes:
    for part in sent:
        connection.sendall(part)
    received = b""
    while len(received) < replies * len(REPLY):
        received += connection.recv(65536)
    return received


def test_every_request_gets_one_reply_pipelined_or_in_pieces(tmp_path: Path) -> None:
    port = free_port()
    with (
        running_server(ServerNeed(only=BUNDLED), port, tmp_path, None, None),
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        assert exchange(connection, [REQUEST * 3], 3) == REPLY * 3
        assert exchange(connection, [REQUEST[:20], REQUEST[20:] + REQUEST[:70], REQUEST[70:]], 2) == REPLY * 2


def test_what_it_cannot_frame_is_answered_and_hung_up_on(tmp_path: Path) -> None:
    port = free_port()
    with (
        running_server(ServerNeed(only=BUNDLED), port, tmp_path, None, None),
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        connection.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 400 ")


def test_arrivals_are_written_down(tmp_path: Path) -> None:
    port = free_port()
    before = time.monotonic_ns()
    with (
        running_server(ServerNeed(record_arrivals=True), port, tmp_path, None, None),
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        exchange(connection, [REQUEST * 2], 2)
        exchange(connection, [REQUEST], 1)
    arrivals = array("q", (tmp_path / "arrivals").read_bytes())
    assert len(arrivals) == 3
    assert before < arrivals[0] <= arrivals[1] <= arrivals[2] < time.monotonic_ns()


def test_a_delay_holds_replies_back(tmp_path: Path) -> None:
    port = free_port()
    with (
        running_server(ServerNeed(delay_ms=100, spread_ms=20), port, tmp_path, None, None),
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        sent_at = time.monotonic()
        assert exchange(connection, [REQUEST * 2], 2) == REPLY * 2
        assert time.monotonic() - sent_at >= 0.08


@pytest.mark.parametrize("program", [BUNDLED, *(["nginx"] if shutil.which("nginx") else [])])
def test_tls_is_served_to_who_trusts_the_authority(program: str, tmp_path: Path) -> None:
    port = free_port()
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate.authority)
    with (
        running_server(ServerNeed(tls=True, only=program), port, tmp_path, certificate, None),
        socket.create_connection(("127.0.0.1", port)) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(REQUEST)
        received = b""
        while REPLY_BODY not in received:
            received += connection.recv(4096)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    nowhere = Certificate(chain=tmp_path / "nowhere.pem", authority=tmp_path / "nowhere.pem")
    with (
        pytest.raises(ServerError, match=r"(?s)did not start .*No such file"),
        running_server(ServerNeed(tls=True, only=BUNDLED), free_port(), tmp_path, nowhere, None),
    ):
        pass
