"""One sending number's tokens, shared over Redis: who waits in this process, and what it was promised."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from redis.asyncio import Redis

from wa_bulk.cluster.connection import ClusterError, Unavailable, in_words
from wa_bulk.cluster.script import Script
from wa_bulk.cluster.server_clock import ServerClock
from wa_bulk.send.transport import NotSent

ASK_EVERY_S = 0.020
"""At most that often one process asks for one number, whatever the rate."""
EVERY_TOKEN_MAX = 80.0
"""Up to this rate (tokens/s) a process may ask for every token by itself, as one that sends one message after
the other has to."""
AHEAD_S = 0.100
"""How far ahead Redis promises a token, at most (as in pace.lua)."""
LATE_S = 0.100
"""A token that comes later than this is handed back: its place may be somebody else's (as in pace.lua)."""
SHARE_S = 0.050
"""At most this much of the rate is asked for at once, so that others get theirs."""
HELD_S = 0.3
"""How often Redis hears that a token is still held; its place would be free a second later."""
KNOWN_S = 0.9
"""So long after Redis has heard of it a held token may leave."""
PATIENCE_S = 5.0
"""How long a message waits for a Redis that cannot be reached, before its try ends as not sent."""
_AGAIN_S = (0.1, 0.2, 0.5, 1.0)
_SHORTEST_TIMER_S = 0.002

_pace = Script("pace")
_log = logging.getLogger("wa_bulk")


class _Waiter:
    __slots__ = ("future", "since", "tokens")

    def __init__(self, tokens: int, since: float) -> None:
        self.tokens = tokens
        self.since = since
        self.future: asyncio.Future[Promise | None] = asyncio.get_running_loop().create_future()


class Promise(NamedTuple):
    """Tokens that may leave at `due`, on this clock; Redis knows them by numbers from `first` on."""

    due: float
    tokens: int
    first: int


class SharedQueue:
    """Tokens at `rate`/s for one sending number, whoever sends from it. A `SenderPacer`.

    Redis promises each token a time, by a reservation that every process makes in the same place; this
    process lets it go at that time or a little later, and tells when it left: from then on it counts.
    Nothing is promised without Redis.
    """

    def __init__(
        self,
        redis: Redis,
        url: str,
        keys: Sequence[str],
        rate: float,
        server_clock: ServerClock,
        clock: Callable[[], float],
        chance: random.Random,
    ) -> None:
        self.rate = rate
        self._redis = redis
        self._url = url
        self._keys = keys
        self._limit = rate
        self._places = max(1, int(rate))
        self._server_clock = server_clock
        self._clock = clock
        self._chance = chance
        self._stop = 0.0
        self._pace = rate
        self._waiters: deque[_Waiter] = deque()
        self._promises: deque[Promise] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._held: defaultdict[int, list[Promise]] = defaultdict(list)
        self._unused: list[Promise] = []
        self._leaving: list[Promise] = []
        self._left: list[tuple[Promise, float]] = []
        self._known_until = 0.0
        self._refused: float | None = None
        self._asking: asyncio.Task[None] | None = None
        self._unavailable = False
        self._news = asyncio.Event()
        self._ask_at = 0.0
        self._ask_every_s = min(ASK_EVERY_S, 1 / rate) if rate <= EVERY_TOKEN_MAX else ASK_EVERY_S

    @property
    def not_before(self) -> float:
        """The time, on this process's clock, before which nothing may leave; 0 where there is none.

        What is held may not where Redis has not heard of it for so long that its place may be another's.
        """
        now = self._clock()
        if any(self._held.values()) and now > self._known_until:
            return max(self._stop, now + HELD_S)
        return self._stop if self._stop > now else 0.0

    @property
    def pace(self) -> float:
        """Tokens/s when Redis was last asked: `rate`, or less while recovering from a 429."""
        return min(self._pace, self.rate)

    def try_take(self, tokens: int = 1, /) -> bool:
        """Return whether there is no pace any more: a token that is shared has to be asked for."""
        _check(tokens)
        return not self.rate

    async def take(self, tokens: int = 1, /) -> None:
        """Wait for `tokens`, first come, first served in this process.

        Raises ValueError for less than one token, and NotSent where Redis has been unavailable for long.
        """
        _check(tokens)
        if not self.rate:
            return
        waiter = _Waiter(tokens, self._clock())
        self._waiters.append(waiter)
        while True:
            self._ask()
            try:
                promise = await waiter.future
            except asyncio.CancelledError:
                if not waiter.future.cancelled() and (promise := waiter.future.result()) is not None:
                    self._give_up(promise)
                raise
            if promise is None:  # released
                return
            if self._clock() <= promise.due + LATE_S:
                break
            self._give_up(promise)  # this task itself came too late
            waiter = _Waiter(tokens, waiter.since)
            self._waiters.appendleft(waiter)
        self._leave(promise)

    def hold(self, tokens: int = 1, /) -> None:
        """Keep `tokens` just taken for later: `use` or `give_back` must follow."""
        if self.rate and self._leaving:
            promise = self._leaving.pop()
            known_until = promise.due + KNOWN_S
            is_only = not any(self._held.values())
            self._known_until = known_until if is_only else min(self._known_until, known_until)
            self._held[tokens].append(promise)
            self._ask()

    def use(self, tokens: int = 1, /) -> None:
        """Count `tokens` that were held as leaving now."""
        if self._held[tokens]:
            self._leave(self._held[tokens].pop())

    def give_back(self, tokens: int = 1, /) -> None:
        """Give up `tokens` that were held."""
        if self._held[tokens]:
            self._give_up(self._held[tokens].pop())

    def slow_down(self, retry_after: float | None = None, /) -> None:
        """After a 429: nothing leaves for `retry_after` seconds (at least 1), and then less than before, from
        any process."""
        if not self.rate:
            return
        retry_after = retry_after or 0.0
        self._slow_down_again(retry_after)
        self._stop = max(self._stop, self._clock() + max(retry_after, 1.0))
        self._forget_promises()
        self._ask()

    def release(self) -> None:
        """Let everyone who waits go, and set no pace from now on."""
        self.rate = self._stop = 0.0
        self._forget_promises()
        for waiter in self._waiters:
            if not waiter.future.done():
                waiter.future.set_result(None)
        self._waiters.clear()

    async def settle(self) -> None:
        """Tell Redis, once released, what was not used. Raises ClusterError."""
        if self._asking is not None:
            self._asking.cancel()
        if self._unused or self._left:
            await self._call([])

    # What is asked of Redis

    def _ask(self) -> None:
        if not self.rate:
            return
        self._news.set()
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._keep_asking())

    async def _keep_asking(self) -> None:
        failures = 0
        try:
            while self.rate and (self._has_news() or any(self._held.values())):
                await asyncio.sleep(max(0.0, self._ask_at - self._clock()))
                self._news.clear()
                asked = self._clock()
                self._ask_at = asked + self._ask_every_s
                try:
                    await self._call(self._unpromised())
                except ClusterError as error:
                    self._note_unavailable(error)
                    await asyncio.sleep(_AGAIN_S[min(failures, len(_AGAIN_S) - 1)])
                    failures += 1
                else:
                    failures, self._unavailable = 0, False
                    if self._unpromised():  # others come first sometimes, whoever asks at the same pace
                        self._ask_at = asked + AHEAD_S * self._chance.uniform(0.25, 0.5)
                    await self._until_news()
        except Exception as error:
            self._fail(error, self._clock())
            raise
        finally:
            self._asking = None

    def _has_news(self) -> bool:
        if self._unused or self._refused is not None:
            return True
        return len(self._waiters) > len(self._promises) and bool(self._unpromised())

    async def _until_news(self) -> None:
        """Wait while there is nothing to ask or to say but that tokens are still held, or all has stopped."""
        stopped_s = min(self._stop - self._clock(), HELD_S)
        if self._has_news() and stopped_s > 0:
            await asyncio.sleep(stopped_s)
        elif any(self._held.values()) and not self._has_news():
            timer = asyncio.get_running_loop().call_later(HELD_S, self._news.set)
            await self._news.wait()
            timer.cancel()

    def _unpromised(self) -> list[int]:
        """List the sizes of the requests that no promise is there for, in order, as far as a share goes."""
        while self._waiters and self._waiters[0].future.done():
            self._waiters.popleft()
        live = (waiter.tokens for waiter in self._waiters if not waiter.future.done())
        sizes: list[int] = []
        most = max(1, int(self.rate * SHARE_S))
        for tokens in itertools.islice(live, len(self._promises), None):
            most -= tokens
            if sizes and most < 0:
                break
            sizes.append(tokens)
        return sizes

    async def _call(self, sizes: Sequence[int]) -> None:
        """Ask for tokens, and say what became of others. What could not be said is kept for the next call."""
        unused, left, refused = self._unused, self._left, self._refused
        self._unused, self._left, self._refused = [], [], None
        sent = self._clock()
        latest = sent + HELD_S + LATE_S
        held = [(promise, latest) for promises in self._held.values() for promise in promises]
        try:
            with in_words(self._url):
                reply = await _pace.run(
                    self._redis,
                    self._keys,
                    self._limit,
                    " ".join(f"{first}:{tokens}" for _, tokens, first in unused),
                    " ".join(f"{one.first}:{one.tokens}:{int((sent - at) * 1e6)}" for one, at in left + held),
                    "" if refused is None else refused,
                    *sizes,
                )
        except BaseException:
            self._unused += unused
            self._left += left
            if refused is not None:
                self._slow_down_again(refused)
            raise
        if held:
            self._known_until = sent + KNOWN_S
        now, pace, stop, first, *dues = cast(list[bytes], reply)
        self._server_clock.seen(int(now) / 1e6, sent, self._clock())
        self._pace = float(pace)
        self._stop = self._server_clock.local(int(stop) / 1e6) if stop != b"0" else 0.0
        number = int(first)
        for tokens, due in zip(sizes, dues, strict=False):
            self._promises.append(Promise(self._server_clock.local(int(due) / 1e6), tokens, number))
            number += min(tokens, self._places)
        if not self.rate:
            self._forget_promises()
        self._let_go()

    def _slow_down_again(self, retry_after: float) -> None:
        """Keep what Redis could not be told of a 429, with what came since."""
        self._refused = max(retry_after, self._refused or 0.0)

    # What was promised

    def _let_go(self) -> None:
        """Let those go whose time has come: the longest waiting first, whoever a promise was asked for."""
        self._stop_timer()
        now = self._clock()
        promises, waiters = self._promises, self._waiters
        while promises and promises[0].due <= now:
            promise = promises.popleft()
            while waiters and waiters[0].future.done():
                waiters.popleft()
            if waiters and waiters[0].tokens == promise.tokens and now <= promise.due + LATE_S:
                waiters.popleft().future.set_result(promise)
            else:
                self._give_up(promise)
        if promises:
            wait_s = max(_SHORTEST_TIMER_S, promises[0].due - now)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._let_go)

    def _leave(self, promise: Promise) -> None:
        """Note that tokens leave in this turn of the event loop, at whose end the bytes are on their way."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._note_left)
        self._leaving.append(promise)

    def _note_left(self) -> None:
        now = self._clock()
        self._left += [(promise, now) for promise in self._leaving]
        self._leaving.clear()

    def _give_up(self, promise: Promise) -> None:
        self._unused.append(promise)
        self._ask()

    def _forget_promises(self) -> None:
        self._unused += self._promises
        self._promises.clear()
        self._stop_timer()

    def _note_unavailable(self, error: ClusterError) -> None:
        """Say so once, and end the tries of those who have waited for long."""
        if not self._unavailable:
            _log.warning("nothing is sent: the pace is kept in Redis. %s", error)
        self._unavailable = True
        patience = PATIENCE_S if isinstance(error, Unavailable) else 0.0
        self._fail(NotSent(f"not sent, since the pace is kept in Redis: {error}"), self._clock() - patience)

    def _fail(self, error: Exception, waiting_since: float) -> None:
        while self._waiters and self._waiters[0].since <= waiting_since:
            waiter = self._waiters.popleft()
            if not waiter.future.done():
                waiter.future.set_exception(error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _check(tokens: int) -> None:
    if tokens < 1:
        raise ValueError(f"tokens = {tokens}: expected at least 1, one for each recipient")
