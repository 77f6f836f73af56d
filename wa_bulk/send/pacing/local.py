"""The pacer of one process: a queue for each sending number, kept for as long as it matters."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from weakref import ref

from wa_bulk.send.pacing.sender_queue import SenderQueue


class LocalPacer:
    """Each sending number's tokens at `rate`/s, counted in this process. A `Pacer`, for one event loop.

    A number's queue is dropped once it is idle: nobody waits or holds on to it, nothing left within the last
    second, nothing is held, no 429 is in force. So memory grows with the numbers of about two seconds, not
    with all of them.
    """

    # The default clock is the system's own rather than the event loop's: uvloop's time stands still while
    # the loop is busy, so that what leaves late would count as having left early, and the next second as
    # over too soon. It is looked up here, once: libraries that freeze `time.monotonic` for a test would
    # otherwise stop the flow of tokens as well.
    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` is in tokens/s for each sending number (0: unpaced); `clock` never goes back.

        Raises ValueError for a rate that is negative, infinite or not a number.
        """
        if not 0 <= rate < float("inf"):
            raise ValueError(f"rate = {rate}: expected messages/s, more than 0, or 0 to set no pace")
        self._rate = rate
        self._clock = clock
        self._released = False
        self._queues: dict[str | None, SenderQueue] = {}
        self._oldest_first: deque[str | None] = deque()

    def of(self, sender: str | None, /) -> SenderQueue:
        """Return the queue of a sending number (None: the account's default number)."""
        try:
            return self._queues[sender]
        except KeyError:
            return self._add(sender)

    def release(self) -> None:
        """Let everyone who waits go, and set no pace from now on, for any sending number."""
        self._released = True
        for queue in self._queues.values():
            queue.release()

    def _add(self, sender: str | None) -> SenderQueue:
        # Two looked at for each one added: the number of queues settles without a pass over all of them.
        for _ in range(min(2, len(self._oldest_first))):
            self._drop_oldest_if_idle()
        queue = SenderQueue(self._rate, self._clock)
        if self._released:
            queue.release()
        self._queues[sender] = queue
        self._oldest_first.append(sender)
        return queue

    def _drop_oldest_if_idle(self) -> None:
        sender = self._oldest_first.popleft()
        if self._queues[sender].idle(self._clock()):
            held = ref(self._queues.pop(sender))()
            if held is None:
                return
            # A request that waits for its next try, say, will still use it: two queues of one number would
            # send at twice its rate, and what it will know then must not be forgotten when that has ended.
            self._queues[sender] = held
        self._oldest_first.append(sender)
