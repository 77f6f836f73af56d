"""Every kind of address, to real servers: TLS, a user of its own, a socket, Sentinel."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cluster.bench import RunBench
from tests.cluster.redis_server import RedisServer, free_port, started
from tests.ledger.contract import claimed, intend_and_settle, states
from wa_bulk.cluster.checks import check_server
from wa_bulk.cluster.connection import ClusterError, Unavailable, in_words, without_password
from wa_bulk.cluster.run_record import read_run

ALLOWED = "~wa-bulk:* +@read +@write +@stream +@scripting +info +time +config|get +select +ping"


async def a_run_goes_through(url: str) -> None:
    """Work a small run, over `url` alone."""
    run = RunBench(url)
    try:
        await check_server(run.redis, url)
        await run.create([range(1, 6)])
        ledger = await run.open()
        assert await claimed(ledger) == states(range(1, 6), "never")
        await intend_and_settle(ledger, "accepted", range(1, 6))
        await ledger.close(None, None)
        assert (await read_run(run.redis, url, run.run_id)).state == "finished"
    finally:
        await run.close()


async def test_a_user_that_may_do_no_more_than_is_needed(own_redis: RedisServer) -> None:
    own_redis.command("ACL", "SETUSER", "app", "on", ">p@ss:word", *ALLOWED.split())
    await a_run_goes_through(f"redis://app:p%40ss%3Aword@127.0.0.1:{own_redis.port}/0")


async def test_a_user_that_may_not(own_redis: RedisServer) -> None:
    own_redis.command("ACL", "SETUSER", "app", "on", ">secret", "~other:*", "+@all")
    url = f"redis://app:secret@127.0.0.1:{own_redis.port}/0"
    with pytest.raises(ClusterError, match="does not allow this user what is needed"), in_words(url):
        await a_run_goes_through(url)


async def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    port = free_port()
    with RedisServer(
        tmp_path,
        tls_port=str(port),
        tls_cert_file=str(tmp_path / "cert.pem"),
        tls_key_file=str(tmp_path / "key.pem"),
        tls_ca_cert_file=str(tmp_path / "authority.pem"),
        tls_auth_clients="no",
    ):
        await a_run_goes_through(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={tmp_path / 'authority.pem'}")
        with pytest.raises(ClusterError, match=r"cannot be reached: .*[Cc]ertificate"):
            await a_run_goes_through(f"rediss://127.0.0.1:{port}/0")


async def test_a_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("s")
    with RedisServer(folder, unixsocket=str(folder / "redis.sock")):
        await a_run_goes_through(f"unix://{folder / 'redis.sock'}")


@pytest.fixture
def sentinel(own_redis: RedisServer, tmp_path: Path) -> Iterator[int]:
    """A Sentinel that watches `own_redis` under the name orders; its port."""
    port = free_port()
    settings = tmp_path / "sentinel.conf"
    settings.write_text(
        f"port {port}\ndir {tmp_path}\nsentinel monitor orders 127.0.0.1 {own_redis.port} 1\n"
    )
    program = shutil.which("redis-server")
    assert program is not None
    log = tmp_path / "sentinel.log"
    process = started([program, str(settings), "--sentinel", "--logfile", str(log)], port, log)
    yield port
    process.kill()
    process.wait()


async def test_the_master_that_sentinels_name(sentinel: int) -> None:
    url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel}/orders/0"
    await a_run_goes_through(url)
    with pytest.raises(ClusterError, match="cannot be reached: No master found for 'others'"):
        await a_run_goes_through(f"redis+sentinel://127.0.0.1:{sentinel}/others/0")
    gc.collect()  # which complains of a connection that was left open


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://10.0.0.5:6379/0", "redis://10.0.0.5:6379/0"),
        ("redis://app:hush@10.0.0.5/0", "redis://app:***@10.0.0.5/0"),
        ("redis://:hu@sh@10.0.0.5/0", "redis://:***@10.0.0.5/0"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
    with pytest.raises(ClusterError) as raised, in_words(url):
        raise ConnectionRefusedError("refused")
    assert "hush" not in str(raised.value)


def test_what_uvloop_says_of_a_connection_that_was_reset() -> None:
    words = "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
    with pytest.raises(Unavailable, match="the connection was closed"), in_words("redis://127.0.0.1/0"):
        raise RuntimeError(words)
    with pytest.raises(RuntimeError, match="something else"), in_words("redis://127.0.0.1/0"):
        raise RuntimeError("something else")
