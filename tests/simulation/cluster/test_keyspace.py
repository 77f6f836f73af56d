"""The simulated Redis says to every command what a real one says."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable

import pytest

from tests.cluster.redis_server import RedisServer
from tests.simulation.cluster.server import SimulatedRedis, decoded, encoded

COMMANDS = 400
KEYS = {"string": ["s1", "s2"], "hash": ["h1", "h2"], "sorted": ["z1", "z2"], "stream": ["x1", "x2"]}


def drawn(chance: random.Random) -> list[str]:
    """Draw a command, with few enough names and values that they meet."""
    text, number = chance.choice, chance.randint
    key = {kind: text(names) for kind, names in KEYS.items()}
    entry = f"{number(1, 9)}-{number(0, 1)}"
    score, member, field = str(text([1, 2.5, 7, 1.7e15])), text("abcd"), text("fgh")
    commands: list[Callable[[], list[str]]] = [
        lambda: [
            "SET",
            key["string"],
            text("xyz"),
            *text([[], ["NX"], ["PX", "90000"], ["NX", "PX", "9000"]]),
        ],
        lambda: [text(["GET", "STRLEN"]), key["string"]],
        lambda: ["SETRANGE", key["string"], str(number(0, 5)), text(["", "q", "rst"])],
        lambda: ["GETRANGE", key["string"], str(number(0, 3)), str(number(2, 9))],
        lambda: ["HSET", key["hash"], field, str(number(1, 9)), "other", "1"],
        lambda: ["HINCRBY", key["hash"], field, str(number(-5, 5))],
        lambda: [text(["HGET", "HDEL"]), key["hash"], field],
        lambda: ["HMGET", key["hash"], field, "other", "none"],
        lambda: [text(["HLEN", "HGETALL"]), key["hash"]],
        lambda: ["ZADD", key["sorted"], *text([[], ["NX"], ["XX"]]), score, member],
        lambda: ["ZINCRBY", key["sorted"], text(["-1", "2.25"]), member],
        lambda: ["ZREM", key["sorted"], member, text("abcd")],
        lambda: [
            "ZRANGE",
            key["sorted"],
            str(number(-2, 1)),
            str(number(-1, 3)),
            *text([[], ["WITHSCORES"]]),
        ],
        lambda: ["ZREMRANGEBYSCORE", key["sorted"], "-inf", score],
        lambda: ["ZCARD", key["sorted"]],
        lambda: ["XADD", key["stream"], entry, "n", text("klm")],
        lambda: ["XRANGE", key["stream"], text(["-", f"({entry}", entry]), text(["+", entry]), "COUNT", "3"],
        lambda: ["XDEL", key["stream"], entry],
        lambda: ["XLEN", key["stream"]],
        lambda: ["XTRIM", key["stream"], "MINID", entry],
        lambda: ["XGROUP", "CREATE", key["stream"], "g", "0", *text([[], ["MKSTREAM"]])],
        lambda: ["XREADGROUP", "GROUP", "g", member, "COUNT", "1", "STREAMS", key["stream"], ">"],
        lambda: ["XACK", key["stream"], "g", entry],
        lambda: [
            "XCLAIM",
            key["stream"],
            "g",
            member,
            "0",
            entry,
            *text([["JUSTID"], ["IDLE", "90000", "JUSTID"]]),
        ],
        lambda: ["XAUTOCLAIM", key["stream"], "g", member, text(["0", "80000"]), "0-0", "COUNT", "1"],
        lambda: [text(["EXISTS", "PERSIST"]), text(text([*KEYS.values()]))],
        lambda: [text(["DEL", "EXISTS"]), text(text([*KEYS.values()])), text(text([*KEYS.values()]))],
        lambda: ["EXPIRE", text(text([*KEYS.values()])), "900"],
    ]
    return chance.choice(commands)()


@pytest.mark.parametrize("seed", range(4))
def test_both_answer_alike(redis_server: RedisServer, seed: int) -> None:
    chance = random.Random(seed)
    simulated = SimulatedRedis(lambda: 0.0, random.Random(seed))
    with socket.create_connection(("127.0.0.1", redis_server.port)) as real:
        for _ in range(COMMANDS):
            words = [word.encode() for word in drawn(chance)]
            command = encoded([*words])
            assert decoded(command) == (words, b"")
            real.sendall(command)
            ours = encoded(simulated.execute(words))
            theirs = real.recv(1 << 16).replace(b"*-1\r\n", b"$-1\r\n")  # nothing, in two ways
            kind = theirs[:12] if theirs.startswith(b"-") else theirs
            assert ours[: len(kind)] == kind, (words, ours, theirs)
