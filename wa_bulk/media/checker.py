"""A look at links, a bounded number of them at a time."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from wa_bulk.api.media import ANIMATED_STICKER, MEDIA_KINDS, MEDIA_RULES, MediaKind
from wa_bulk.media.cache import MediaCache
from wa_bulk.media.formats import is_animated_webp
from wa_bulk.media.judge import Judge
from wa_bulk.media.remote_file import RemoteFile
from wa_bulk.media.report import MediaReport
from wa_bulk.media.web import NotTakenError, UnseenError, Web

TIMEOUT_S = 10.0
CONCURRENCY = 64


class MediaChecker:
    """Looks at links from within one event loop. `timeout_s` is for everything that one link needs.

    Links to addresses inside a private network are looked at only if `private`. What was found fine is kept
    in `cache`, and not fetched again while the server says that it is the same.
    """

    def __init__(
        self,
        *,
        private: bool = False,
        timeout_s: float = TIMEOUT_S,
        concurrency: int = CONCURRENCY,
        cache: MediaCache | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(concurrency)
        self._cache = cache
        self._web = Web.open(private=private, connections=concurrency)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._web.close()

    async def look(self, link: str, kind: MediaKind, *, in_header: bool = False) -> MediaReport:
        """Look at what `link` leads to, to be sent as `kind`, in a template's header or by itself.

        Does not raise for anything that a server does.
        """
        async with self._turns:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._look(link, kind, in_header)
            except NotTakenError as problem:
                return MediaReport(link=link, kind=kind, problems=(str(problem),))
            except UnseenError as reason:
                return MediaReport(link=link, kind=kind, unseen=str(reason))
            except TimeoutError:
                reason_text = f"the server took longer than {self._timeout_s:g} s"
                return MediaReport(link=link, kind=kind, unseen=reason_text)

    async def _look(self, link: str, kind: MediaKind, in_header: bool) -> MediaReport:
        cached = self._cache.get(link, kind, in_header) if self._cache is not None else None
        if cached is not None and cached.fresh_until > time.time():
            return cached.report
        told: RemoteFile | None = None
        try:
            async with asyncio.timeout(self._timeout_s / 3):
                told = await RemoteFile.look(self._web, link, cached.condition if cached is not None else {})
        except TimeoutError:
            pass  # perhaps it answers to a GET
        if told is not None and told.unchanged and cached is not None:
            report = cached.report
        else:
            told, report = await self._judged(told, link, kind, in_header)
        if self._cache is not None and report.ok:
            self._cache.put(report, in_header, told.headers)
        return report

    async def _judged(
        self, told: RemoteFile | None, link: str, kind: MediaKind, in_header: bool
    ) -> tuple[RemoteFile, MediaReport]:
        judge = Judge(kind, in_header=in_header)
        longest = (ANIMATED_STICKER if kind == "sticker" else MEDIA_RULES[kind].limit).binary
        found: str | None = None
        animated = kind == "sticker"
        file = told
        if file is None or file.size is None or (judge.types and file.size <= longest):
            file = await RemoteFile.begin(self._web, link, longest)
            animated = animated and is_animated_webp(file.head)
            if told is not None and None not in (told.size, file.size) and told.size != file.size:
                judge.warnings.append(
                    f"has {told.size:,} bytes by the server's first answer, {file.size:,} by its second"
                )
            if file.size != 0:
                found = await judge.content(file)
        judge.content_type(file.content_type, found)
        if file.size is None:
            judge.warnings.append("has a size that the server does not tell")
        else:
            judge.size(file.size, animated=animated)
        if file.redirects:
            judge.warnings.append(f"redirects to {file.redirects[-1]}")
        return file, MediaReport(
            link=link,
            kind=kind,
            problems=tuple(judge.problems),
            warnings=tuple(judge.warnings),
            content_type=file.content_type,
            format=found,
            size=file.size,
            redirects=file.redirects,
        )


async def check_media(
    link: str,
    kind: MediaKind,
    *,
    in_header: bool = False,
    private: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> MediaReport:
    """Look at what `link` leads to: whether WhatsApp will take it as `kind`.

    `kind` is image, video, audio, document or sticker; `in_header`: for a template's header, where documents
    are PDFs. Links into private networks are looked at only if `private`. Does not raise for anything that a
    server does; raises ValueError for another kind.
    """
    if kind not in MEDIA_KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(MEDIA_KINDS)}")
    async with MediaChecker(private=private, timeout_s=timeout_s, concurrency=1) as checker:
        return await checker.look(link, kind, in_header=in_header)
