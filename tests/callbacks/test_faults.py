"""Real processes: killed at any moment, with a full disk, besieged. Nothing is lost that got a 200."""

from __future__ import annotations

import random
import resource
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.servers.running import free_port
from tests.callbacks.process import Process, post, post_all, running
from tests.callbacks.rows import RUN, body, said, status
from tests.chaos.disk import Way, small_disk, ways
from wa_bulk.history import History

STATES = ("plan", "sent", "delivered", "read")


def bodies_of(messages: int, per_request: int, draw: random.Random) -> list[bytes]:
    """Return every state of that number of messages, mixed, and a STOP by every tenth person."""
    rows = [
        status(state, message_id=f"m{n}", to=f"+4479{n:08d}", tag=f"{RUN}:{n + 1}")
        for n in range(messages)
        for state in STATES
    ]
    rows += [said("STOP", number=f"+4479{n:08d}", message_id=f"in-{n}") for n in range(0, messages, 10)]
    draw.shuffle(rows)
    return [body(*rows[start : start + per_request]) for start in range(0, len(rows), per_request)]


def expect_everything(file: Path, messages: int) -> None:
    with History.open(file) as history:
        found = list(history.deliveries.of_run(RUN))
        assert [one.row for one in found] == list(range(1, messages + 1))
        assert {one.best.state for one in found} == {"read"}
        assert len(list(history.inbox.rows("status"))) == messages * len(STATES)
        assert len(history.suppression_list()) == len(range(0, messages, 10))


def kill_until_done(file: Path, seed: int, messages: int, kills: int) -> None:
    draw = random.Random(seed)
    bodies, answered, port = bodies_of(messages, 7, draw), set[int](), free_port()
    for life in range(kills + 1):
        with running(file, port) as receiver:
            if life < kills:
                timer = threading.Timer(draw.uniform(0, 0.5), receiver.process.kill)
                timer.start()
            post_in_parallel(port, bodies, answered)
            if life < kills:
                timer.join()
    assert len(answered) == len(bodies)
    expect_everything(file, messages)


def post_in_parallel(port: int, bodies: list[bytes], answered: set[int], threads: int = 4) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for worker in range(threads):
            own = {number for number in range(len(bodies)) if number % threads != worker}
            pool.submit(_post_own, port, bodies, answered, own)


def _post_own(port: int, bodies: list[bytes], answered: set[int], others: set[int]) -> None:
    done = answered | others
    post_all(port, bodies, done)
    answered |= done - others


def test_nothing_that_got_a_200_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    kill_until_done(tmp_path / "memory.db", seed=1, messages=60, kills=1)


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(5))
def test_nothing_that_got_a_200_is_lost_however_often_it_is_killed(tmp_path: Path, seed: int) -> None:
    kill_until_done(tmp_path / "memory.db", seed=seed, messages=2000, kills=20)


@pytest.mark.parametrize("way", ways())
def test_a_full_disk_is_answered_with_503_and_nothing_is_lost(way: Way) -> None:
    bodies = bodies_of(800, 50, random.Random(2))
    with small_disk(way, 1024 * 1024) as disk:
        file, answered = disk.folder / "memory.db", set[int]()
        port = free_port()
        with running(file, port, before_start=disk.before_start) as receiver:
            answers = post_until_full(port, bodies, answered)
            assert set(answers) == {200, 503}
            assert 0 < len(answered) < len(bodies)
            assert receiver.process.poll() is None
            disk.extend()
            if way == "tmpfs":
                post_all(port, bodies, answered)
                assert len(answered) == len(bodies)
            assert "cannot be stored" in receiver.errors
        if way == "limit":
            with running(file, port):
                post_all(port, bodies, answered)
        expect_everything(file, 800)


def post_until_full(port: int, bodies: list[bytes], answered: set[int]) -> list[int]:
    """Post until it is refused five times in a row: a first time may make room, by tidying up."""
    answers: list[int] = []
    while answers[-5:] != [503] * 5:
        number = next(number for number in range(len(bodies)) if number not in answered)
        answers.append(post(port, bodies[number]))
        if answers[-1] == 200:
            answered.add(number)
    return answers


def test_two_receivers_on_one_file(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    bodies, ports = bodies_of(100, 10, random.Random(3)), (free_port(), free_port())
    with running(file, ports[0]), running(file, ports[1]):
        halves: list[set[int]] = [set(), set()]
        with ThreadPoolExecutor(2) as pool:
            for half, port in enumerate(ports):
                halves[half] |= {n for n in range(len(bodies)) if n % 2 != half and n > 5}
                pool.submit(post_all, port, bodies, halves[half])
        assert all(len(half) == len(bodies) for half in halves)
    expect_everything(file, 100)


def test_thousands_of_idle_connections_keep_nobody_out(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 3000
    if hard != resource.RLIM_INFINITY and hard < count + 500:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 500), hard))
    idle: list[socket.socket] = []
    port = free_port()
    try:
        with running(tmp_path / "memory.db", port):
            idle.extend(socket.create_connection(("127.0.0.1", port)) for _ in range(count))
            for number in range(20):
                assert post(port, body(status(message_id=f"m{number}"))) == 200
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def end(receiver: Process, number: signal.Signals) -> int:
    receiver.process.send_signal(number)
    return receiver.process.wait(30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with running(tmp_path / "memory.db", port) as receiver:
        assert post(port, body(status())) == 200
        assert end(receiver, number) == 0
        assert "1 callbacks, sent 1" in receiver.errors


def until_closed(port: int) -> None:
    """Wait until nobody is let in any more."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionError:
            return
        time.sleep(0.01)
    pytest.fail("it still lets people in")


def test_a_signal_lets_what_arrives_be_answered(tmp_path: Path) -> None:
    file, port = tmp_path / "memory.db", free_port()
    request = body(status())
    with running(file, port) as receiver, socket.create_connection(("127.0.0.1", port)) as connection:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(request) + request[:20])
        assert connection.recv(100).startswith(b"HTTP/1.1 100")  # it has begun reading
        receiver.process.send_signal(signal.SIGTERM)
        until_closed(port)
        connection.sendall(request[20:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert receiver.process.wait(30) == 0
    with History.open(file) as history:
        assert [*history.deliveries.of_run(RUN)]
