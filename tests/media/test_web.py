"""Servers that lead astray, lie, dawdle or are not there: each is said, and nothing hangs."""

import asyncio
import socket

import pytest
from aiohttp import web

from tests.media import files
from tests.media.web_server import MediaServer, raw_server
from wa_bulk import check_media
from wa_bulk.media import web as media_web
from wa_bulk.media.addresses import is_public


async def test_redirects_are_followed_and_said(server: MediaServer) -> None:
    end = server.put("/end", files.jpeg(), "image/jpeg")

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/end"})

    report = await check_media(server.on("/start", redirect), "image", private=True)
    assert report.ok
    assert report.redirects == (end,)
    assert report.warnings == (f"redirects to {end}",)


async def test_redirects_for_ever_and_to_elsewhere(server: MediaServer) -> None:
    async def for_ever(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"/ever?{len(request.query_string) + 1}x"})

    async def to_a_file(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": "file:///etc/passwd"})

    report = await check_media(server.on("/ever", for_ever), "image", private=True)
    assert report.problems[0].startswith("redirects more than 5 times")
    assert server.asked["HEAD", "/ever"] == 6
    report = await check_media(server.on("/file", to_a_file), "image", private=True)
    assert "file:// address" in report.problems[0]


@pytest.mark.parametrize(
    ("status", "problem", "unseen"),
    [
        (404, "is not there (the server answers 404)", None),
        (410, "is not there (the server answers 410)", None),
        (401, None, "the server answers 401"),
        (403, None, "the server answers 403"),
        (429, None, "the server answers 429"),
        (500, None, "the server answers 500"),
    ],
)
async def test_what_cannot_be_looked_at_is_no_reason_to_reject(
    server: MediaServer, status: int, problem: str | None, unseen: str | None
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=status)

    report = await check_media(server.on("/refused", refuse), "image", private=True)
    assert report.problems == ((problem,) if problem else ())
    assert report.unseen == unseen
    assert not report.ok


async def test_a_server_that_knows_no_head_and_no_ranges(server: MediaServer) -> None:
    movie = files.film(files.video_track(b"hev1"), data=300_000, moov_last=True)

    async def whole(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=405)
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(movie)
        return response

    report = await check_media(server.on("/movie", whole), "video", private=True)
    assert report.size == len(movie)
    assert report.problems == ("has video in H.265; expected H.264",)


async def test_a_length_not_told_is_counted_up_to_the_limit(server: MediaServer) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/webp"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(files.webp())
        while request.method == "GET":
            await response.write(bytes(65536))
        return response

    report = await check_media(server.on("/endless", endless), "sticker", private=True)
    assert "expected at most 100 KB" in report.problems[0]


async def test_a_lie_about_the_length(server: MediaServer) -> None:
    async def lie(request: web.Request) -> web.Response:
        if request.method == "HEAD":
            return web.Response(headers={"Content-Type": "image/jpeg", "Content-Length": "1000"})
        return web.Response(body=files.jpeg(), content_type="image/jpeg")

    report = await check_media(server.on("/lie", lie), "image", private=True)
    assert report.warnings == (
        f"has 1,000 bytes by the server's first answer, {len(files.jpeg())} by its second",
    )


async def test_a_body_shorter_than_announced() -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9000\r\n\r\n\xff\xd8\xff"
        )
        writer.close()

    async with raw_server(short) as url:
        report = await check_media(f"{url}/a.jpg", "image", private=True)
    assert report.unseen == "the connection ended before the file did"


@pytest.mark.parametrize(
    ("answer", "unseen"),
    [
        (b"", "the server closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "the answer is no HTTP"),
    ],
)
async def test_answers_that_are_none(answer: bytes, unseen: str) -> None:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with raw_server(reply) as url:
        report = await check_media(f"{url}/a.jpg", "image", private=True)
    assert report.unseen == unseen


async def test_a_server_that_never_answers_or_drips(server: MediaServer) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        while request.method == "GET":
            await response.write(b"\xff")
            await asyncio.sleep(0.05)
        return response

    report = await check_media(server.on("/drip", drip), "image", private=True, timeout_s=0.3)
    assert report.unseen == "the server took longer than 0.3 s"


async def test_head_that_is_never_answered_does_not_hide_the_file(server: MediaServer) -> None:
    async def only_get(request: web.Request) -> web.Response:
        if request.method == "HEAD":
            await asyncio.Event().wait()
        return web.Response(body=files.jpeg(), content_type="image/jpeg")

    report = await check_media(server.on("/get", only_get), "image", private=True, timeout_s=3)
    assert report.ok


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    report = await check_media(f"http://127.0.0.1:{port}/a.jpg", "image", private=True)
    assert report.unseen is not None
    assert report.unseen.startswith("no connection to 127.0.0.1")
    report = await check_media("http://no.such.host.invalid/a.jpg", "image")
    assert report.unseen == "there is no host no.such.host.invalid"


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/a.jpg",
        "http://localhost/a.jpg",
        "http://pictures.localhost./a.jpg",
        "http://[::1]/a.jpg",
        "http://[::ffff:127.0.0.1]/a.jpg",
        "http://10.1.2.3/a.jpg",
        "http://192.168.0.1/a.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/a.jpg",
        "http://[fd00::1]/a.jpg",
        "http://[64:ff9b::7f00:1]/a.jpg",
        "http://[2002:7f00:1::]/a.jpg",
        "http://0.0.0.0/a.jpg",
        "http://224.0.0.1/a.jpg",
    ],
)
async def test_private_addresses_are_not_looked_at(link: str) -> None:
    report = await check_media(link, "image")
    assert "which WhatsApp cannot reach" in report.problems[0]


@pytest.mark.parametrize(
    "link", ["ftp://example.com/a.jpg", "file:///etc/passwd", "a.jpg", "http://", "http://[/"]
)
async def test_what_is_no_web_link(link: str) -> None:
    report = await check_media(link, "image")
    assert "is no " in report.problems[0]


class NameServer:
    """Answers each question about a name with the next of `addresses`."""

    def __init__(self, *addresses: str) -> None:
        self.left = list(addresses)

    async def addresses(self, host: str, port: int) -> list[tuple[object, ...]]:
        address = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


async def test_a_name_is_judged_by_the_address_that_is_connected_to(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server.url.rpartition(":")[2]
    server.put("/a.jpg", files.jpeg(), "image/jpeg")
    monkeypatch.setattr(media_web, "_RESOLVERS", (NameServer("127.0.0.1"),))
    report = await check_media(f"http://pictures.example:{port}/a.jpg", "image")
    assert report.unseen is not None
    assert report.unseen.startswith("pictures.example is in a private network, seen from here")
    assert not server.asked


async def test_a_redirect_into_this_machine_is_not_followed(
    server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server.url.rpartition(":")[2]
    secret = server.put("/secret", files.jpeg(), "image/jpeg")

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": secret})

    server.on("/start", redirect)
    monkeypatch.setattr(media_web, "_RESOLVERS", (NameServer("127.0.0.1"),))
    judged = is_public
    monkeypatch.setattr(media_web, "is_public", lambda host: judged(host) or server.asked.total() == 0)
    report = await check_media(f"http://pictures.example:{port}/start", "image")
    assert "leads to this machine (127.0.0.1)" in report.problems[0]
    assert server.asked == {("HEAD", "/start"): 1}
