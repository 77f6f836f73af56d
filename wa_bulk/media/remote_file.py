"""A file behind a link, of which as little is fetched as is needed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Self

from wa_bulk.media.formats import HEAD_BYTES
from wa_bulk.media.web import Answer, NotTakenError, UnseenError, Web

_STREAM_BYTES = 64 * 1024
_GONE = frozenset({404, 410})


class RemoteFile:
    """What a server tells of a file: `content_type` with its parameters, `size` in bytes (None where not
    told), `head`, its first bytes."""

    def __init__(self, web: Web, answer: Answer) -> None:
        self._web = web
        self._url = answer.url
        self._ranges = answer.status == 206
        self._encoded = answer.encoded
        self.unchanged = answer.status == 304
        self.redirects = answer.redirects
        self.headers = answer.headers
        self.content_type = answer.headers.get("Content-Type")
        self.size = answer.size
        self.head = b""

    @classmethod
    async def look(cls, web: Web, link: str, known: Mapping[str, str]) -> Self | None:
        """Ask about a file without its content, and whether it is still the `known` one (headers of a
        conditional request); None where the server answers to no such request."""
        try:
            async with web.ask("HEAD", link, known) as answer:
                return cls(web, answer) if answer.status == 304 or 200 <= answer.status < 300 else None
        except UnseenError:
            return None

    @classmethod
    async def begin(cls, web: Web, link: str, longest: int) -> Self:
        """Fetch the beginning of a file. Where its size is not told, count its bytes, up to `longest`."""
        async with web.ask("GET", link, {"Range": f"bytes=0-{HEAD_BYTES - 1}"}) as answer:
            _check(answer)
            file = cls(web, answer)
            file.head = await answer.read(HEAD_BYTES)
            if file._encoded:
                file.head = _unpacked(file.head)
            elif file.size is None:
                file.size = len(file.head)
                while file.size <= longest and (piece := await answer.read(_STREAM_BYTES)):
                    file.size += len(piece)
        return file

    async def read(self, offset: int, length: int) -> bytes:
        """Read a part of the file; fewer bytes at its end. Raises UnseenError."""
        if offset + length <= len(self.head) or self._is_whole or self._encoded:
            return self.head[offset : offset + length]
        if self._ranges:
            wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
            async with self._web.ask("GET", self._url, wanted) as answer:
                if answer.status == 206:
                    return await answer.read(length)
        async with self._web.ask("GET", self._url) as answer:
            _check(answer)
            while offset > 0 and (passed := await answer.read(min(offset, _STREAM_BYTES))):
                offset -= len(passed)
            return await answer.read(length)

    async def stream(self) -> AsyncIterator[bytes]:
        """Read the whole file, a piece at a time. Raises UnseenError."""
        if self._is_whole or self._encoded:
            yield self.head
            return
        async with self._web.ask("GET", self._url) as answer:
            _check(answer)
            while piece := await answer.read(_STREAM_BYTES):
                yield piece

    @property
    def _is_whole(self) -> bool:
        return self.size is not None and self.size <= len(self.head)


def _check(answer: Answer) -> None:
    if answer.status in _GONE:
        raise NotTakenError(f"is not there (the server answers {answer.status})")
    if answer.status == 416:
        raise NotTakenError("is empty")
    if not 200 <= answer.status < 300:
        raise UnseenError(f"the server answers {answer.status}")


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head
