"""Many messages through few workers, in step with whoever reads the outcomes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Sequence,
)
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_log = logging.getLogger("wa_bulk")


async def map_unordered(
    items: Iterable[Item] | AsyncIterable[Item],
    work: Callable[[Item], Awaitable[Sequence[Result]]],
    workers: int,
    may_draw: Callable[[], object] = lambda: None,
) -> AsyncGenerator[Result, None]:
    """Yield the results that `work` has for each item, done by at most `workers` at a time, as they come.

    No more than twice `workers` items are taken beyond those whose results were read. `may_draw` is called
    before each; what it, `items` or `work` raises ends it: what is being worked on is finished and read
    first, then the error is raised here. Closed early, it cancels the workers, and logs how many items'
    results are lost with them.
    """
    source = _Source(items, may_draw)
    results: asyncio.Queue[Sequence[Result] | None] = asyncio.Queue(workers)
    begun = finished = read = 0

    async def keep_working() -> None:
        nonlocal begun, finished
        async for item in source:
            begun += 1
            try:
                result = await work(item)
            except Exception as error:
                source.end(error)
                begun -= 1
                return
            finished += 1
            await results.put(result)

    async def all_of_them() -> None:
        ends = await asyncio.gather(*(keep_working() for _ in range(workers)), return_exceptions=True)
        await results.put(None)
        for end in ends:
            if end is not None:  # a worker was cancelled, by `items` perhaps
                raise end

    running = asyncio.create_task(all_of_them())
    try:
        while (found := await results.get()) is not None:
            read += 1
            for result in found:
                yield result
        await running
        if source.error is not None:
            raise source.error
    finally:
        if not running.done():
            if begun > read:
                _log.warning(
                    "left early: the fate of %d messages being sent is unknown, "
                    "and the outcomes of %d more were not read",
                    begun - finished,
                    finished - read,
                )
            running.cancel()
            await asyncio.wait([running])


class _Source(Generic[Item]):
    """One iterable that several workers draw from. Its first error, or `end`, ends it for all."""

    def __init__(self, items: Iterable[Item] | AsyncIterable[Item], may_draw: Callable[[], object]) -> None:
        self.error: Exception | None = None
        self._may_draw = may_draw
        self._ended = False
        self._iterator: Iterator[Item] | None = None
        self._async_iterator: AsyncIterator[Item] | None = None
        if isinstance(items, AsyncIterable):
            self._async_iterator = aiter(items)
            self._turn = asyncio.Lock()
        else:
            self._iterator = iter(items)

    def end(self, error: Exception | None = None) -> None:
        """Give out nothing more."""
        self._ended = True
        self.error = self.error or error

    def __aiter__(self) -> _Source[Item]:
        return self

    async def __anext__(self) -> Item:
        try:
            if self._iterator is not None:
                if not self._ended:
                    self._may_draw()
                    return next(self._iterator)
            elif self._async_iterator is not None:
                async with self._turn:
                    if not self._ended:
                        self._may_draw()
                        return await anext(self._async_iterator)
        except (StopIteration, StopAsyncIteration):
            self.end()
        except Exception as error:
            self.end(error)
        raise StopAsyncIteration
