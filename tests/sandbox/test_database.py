"""The database file: private, locked, kept through a kill; refused or reported when it cannot be used."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.api import ADA, Api, Json, template, text
from tests.sandbox.conftest import AT_ONCE
from wa_bulk.sandbox import Sandbox, SandboxSettings, StoreError

SIGNED_IN = {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"}
PROGRAM = """
import asyncio, sys
from wa_bulk.sandbox import SandboxSettings, serve
asyncio.run(serve(SandboxSettings(db=sys.argv[1]), lambda sandbox: print(sandbox.url, flush=True)))
"""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path)
    try:
        with database:
            yield database
    finally:
        database.close()


@asynccontextmanager
async def process(path: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A sandbox of its own; killed at the end, if it has not ended by then."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert running.stdout is not None
        yield running, (await running.stdout.readline()).decode().strip()
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


# ---- the file


def test_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with Sandbox(SandboxSettings(db=str(tmp_path / "sandbox.db"))) as sandbox, Api(sandbox.url) as api:
            assert api.send(text()).status_code == 200
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(previous)
    assert modes == {"sandbox.db": 0o600, "sandbox.db-wal": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(SandboxSettings(db=str(path))):
        pass
    path.chmod(0o644)
    with Sandbox(SandboxSettings(db=str(path))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_of_another_program_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with opened(path) as shop:
        shop.execute("CREATE TABLE messages (text)")
    path.chmod(0o644)
    with pytest.raises(StoreError, match="another program"):
        Sandbox(SandboxSettings(db=str(path))).__enter__()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(StoreError, match="is not a regular file"):
            Sandbox(SandboxSettings(db=str(tmp_path / name))).__enter__()
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened: Not a directory"):
        Sandbox(SandboxSettings(db=str(tmp_path / "file" / "sandbox.db"))).__enter__()


def test_no_name_has_a_meaning_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox(SandboxSettings(db=":memory:")) as sandbox, Api(sandbox.url) as api:
        api.send(text())
    assert (tmp_path / ":memory:").is_file()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, not a database " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt cannot be used: file is not a database"):
        Sandbox(SandboxSettings(db=str(path))).__enter__()
    assert path.read_text().startswith("these are notes")


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    shop = sqlite3.connect(path)
    shop.execute("CREATE TABLE messages (text)")
    shop.close()
    with pytest.raises(StoreError, match=r"shop\.db is the database of another program"):
        Sandbox(SandboxSettings(db=str(path))).__enter__()


def test_a_second_sandbox_on_the_same_database_is_refused(tmp_path: Path) -> None:
    settings = SandboxSettings(db=str(tmp_path / "sandbox.db"))
    with Sandbox(settings), pytest.raises(StoreError, match="another sandbox is using it"):
        Sandbox(settings).__enter__()
    with Sandbox(settings) as again:
        assert again.messages == []


def test_a_database_where_none_can_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no/where"):
        Sandbox(SandboxSettings(db=str(tmp_path / "no/where"))).__enter__()


# ---- damage


def damaged(path: Path, *, keep: int) -> None:
    """Overwrite all but the first `keep` bytes."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(keep)
        file.write(os.urandom(size - keep))


@pytest.mark.parametrize("keep", [50, 100, 5_000])
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(SandboxSettings(db=str(path), delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        for _ in range(50):
            api.send(template())
    damaged(path, keep=keep)
    with pytest.raises(StoreError, match=r"sandbox\.db cannot be (used|read)"):
        Sandbox(SandboxSettings(db=str(path))).__enter__()


@pytest.mark.parametrize(("kind", "words"), [("key", "an API key"), ("template", "a template")])
def test_damaged_settings_are_refused_with_their_kind(tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(SandboxSettings(db=str(path))):
        pass
    with opened(path) as database:
        database.executemany(
            "INSERT INTO settings VALUES (?, ?, ?)", [(kind, "", b""), (kind, "x", b"{nonsense")]
        )
    for _ in range(2):  # the lock is not kept by the first attempt
        with pytest.raises(StoreError, match=f"is damaged: {words} cannot be read"):
            Sandbox(SandboxSettings(db=str(path))).__enter__()


DAMAGE = {
    "no JSON": "UPDATE exchanges SET body = x'00ff', headers = 'x', reply = x'ff'",
    "another's JSON": "UPDATE exchanges SET body = '[1]', headers = '[]', reply = '[]'",
    "nested too deeply": f"UPDATE exchanges SET body = '{'[' * 990}{']' * 990}'",
    "no rendering": "UPDATE messages SET rendered = x'00'",
    "no time": "UPDATE messages SET at_ms = 'then', read_ms = 'later'",
    "a time beyond the calendar": "UPDATE messages SET at_ms = 9000000000000000000",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_record_takes_no_page_down(tmp_path: Path, name: str) -> None:
    path = tmp_path / "sandbox.db"
    with Sandbox(SandboxSettings(db=str(path), delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        api.send(template())
    with opened(path) as database:
        database.execute(DAMAGE[name])
    with Sandbox(SandboxSettings(db=str(path), delivery=AT_ONCE)) as sandbox, Api(sandbox.url) as api:
        api.send(text("+447911123457", body="beside it"))
        sound, bad = api.get("/sandbox/messages")["messages"]
        assert sound["body"]["text"]["body"] == "beside it"
        assert bad["to"] == ADA
        assert ("unreadable" in bad["body"]) is ("time" not in name)
        assert api.get("/sandbox/conversations")["total"] == 2
        assert api.get(f"/sandbox/conversations/{ADA}/messages")["total"] == 1
        assert api.get(f"/sandbox/messages/{bad['id']}")["id"] == bad["id"]
        assert len(sandbox.messages) == 2


# ---- answered means kept


async def test_what_was_answered_with_200_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with process(path) as (running, url), aiohttp.ClientSession(headers=SIGNED_IN) as client:

        async def send(number: int) -> str:
            async with client.post(f"{url}/v1/messages", json=text(f"+4479111{number:05}")) as reply:
                assert reply.status == 200
                return str((await reply.json())["message_id"])

        answered = set(await asyncio.gather(*(send(number) for number in range(300))))
        running.kill()
        assert await running.wait() == -signal.SIGKILL
    with Sandbox(SandboxSettings(db=str(path))) as sandbox:
        assert {record.message_id for record in sandbox.messages} == answered


async def test_a_message_of_a_person_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with process(path) as (running, url), aiohttp.ClientSession() as client:
        reply = {"from": ADA, "text": "Hello?"}
        async with client.post(f"{url}/sandbox/replies", json=reply) as answer:
            assert answer.status == 201
        running.kill()
    with Sandbox(SandboxSettings(db=str(path))) as sandbox:
        assert [record.direction for record in sandbox.messages] == ["in"]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux, to limit another process")
async def test_on_a_full_disk_messages_are_refused_and_appear_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with process(path) as (running, url), aiohttp.ClientSession(headers=SIGNED_IN) as client:

        async def send(number: int) -> tuple[int, Json]:
            message = text(f"+4479111{number:05}", body="x" * 500)
            async with client.post(f"{url}/v1/messages", json=message) as reply:
                return reply.status, await reply.json()

        async def get(what: str) -> Json:
            async with client.get(f"{url}/sandbox/{what}") as reply:
                assert reply.status == 200
                return dict(await reply.json())

        answers = [await send(0)]
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        answers += [await send(number) for number in range(1, 300)]
        refused = [body for status, body in answers if status == 503]
        kept = {body["message_id"] for status, body in answers if status == 200}
        assert len(refused) + len(kept) == 300
        assert refused
        assert kept
        assert "sandbox.db cannot be written" in refused[0]["message"]
        listed = await get("messages?limit=1000")
        assert {record["message_id"] for record in listed["messages"]} == kept
        assert listed["total"] == len(kept)
        stats = await get("stats")
        assert "cannot be written" in stats["storage_error"]
        assert (stats["messages"], sum(stats["by_status"].values())) == (len(kept), len(kept))
        async with client.post(f"{url}/sandbox/replies", json={"from": ADA, "text": "x" * 4096}) as reply:
            assert reply.status == 503
        key = {"key": "second", "secret": "x", "numbers": ["+447900000000"] * 20_000}
        async with client.post(f"{url}/sandbox/keys", json=key) as reply:
            assert reply.status == 503

        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        status, body = await send(999)
        assert status == 200
        assert (await get("stats"))["storage_error"] is None
        running.send_signal(signal.SIGTERM)
        _, errors = await running.communicate()
    assert running.returncode == 0
    assert errors.decode().splitlines()[0].startswith(f"{path} cannot be written: ")
    assert errors.decode().splitlines()[-1] == "The database can be written again."
    with Sandbox(SandboxSettings(db=str(path))) as sandbox:
        assert {record.message_id for record in sandbox.messages} == kept | {body["message_id"]}


async def test_a_client_that_leaves_early_does_not_take_others_messages_along(tmp_path: Path) -> None:
    settings = SandboxSettings(db=str(tmp_path / "sandbox.db"), delivery=AT_ONCE)
    async with Sandbox(settings) as sandbox, aiohttp.ClientSession(headers=SIGNED_IN) as client:
        url = f"{sandbox.url}/v1/messages"
        requests = [asyncio.ensure_future(client.post(url, json=template())) for _ in range(40)]
        done, _ = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        for request in requests[::2]:
            request.cancel()
        replies = await asyncio.gather(*requests, return_exceptions=True)
        statuses = [reply.status for reply in replies if isinstance(reply, aiohttp.ClientResponse)]
        assert done
        assert statuses == [200] * len(statuses)
        await sandbox.settled()
        assert {record.status for record in sandbox.messages} == {"read"}, "each was delivered"
