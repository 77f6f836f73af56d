"""A TCP proxy that cuts connections, preferably when a request has gone through and its reply has not."""

from __future__ import annotations

import asyncio
import random
from typing import Self


class CuttingProxy:
    """Forwards to a local `port`. `cuts` is the share of replies that are lost, `away` refuses everything."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self.cuts = 0.0
        self.away = False
        self.lost = 0
        """Replies that were lost."""
        self._to = port
        self._chance = random.Random(seed)
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def go_away(self) -> None:
        """Cut everything, and let nothing through until `away` is False again."""
        self.away = True
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.away:
            writer.transport.abort()
            return
        try:
            there, thither = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, thither}
        both = asyncio.gather(self._pass(reader, thither, 0.0), self._pass(there, writer, 1.0))
        try:
            await both
        except (OSError, asyncio.CancelledError):
            both.cancel()
        finally:
            for end in (writer, thither):
                end.transport.abort()
                self._writers.discard(end)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, cut: float) -> None:
        while data := await source.read(1 << 16):
            if cut and self._chance.random() < self.cuts:
                self.lost += 1
                raise ConnectionResetError
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError
