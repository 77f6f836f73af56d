"""Asks an echo server on loopback how late it is: `python -m benchmarks.workers.probe PORT SECONDS`.

A byte every 2 ms over one connection, whether or not the last one has come back; prints the times until
each came back, µs, as a JSON list. What never did counts with the time it had been waited for.
"""

import select
import socket
import sys
import time
from collections import deque

import msgspec

ASK_EVERY_S = 0.002


def main(port: int, seconds: float) -> None:
    waits_s: list[float] = []
    unanswered: deque[float] = deque()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        stop_at = due + seconds
        while (now := time.perf_counter()) < stop_at:
            if now >= due:
                connection.sendall(b"?")
                unanswered.append(now)
                due += ASK_EVERY_S
                continue
            answered, _, _ = select.select([connection], [], [], due - now)
            if answered:
                answers = len(connection.recv(4096))
                now = time.perf_counter()
                waits_s += (now - unanswered.popleft() for _ in range(answers))
    waits_s += (stop_at - asked_at for asked_at in unanswered)
    sys.stdout.buffer.write(msgspec.json.encode([wait_s * 1e6 for wait_s in waits_s]))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
