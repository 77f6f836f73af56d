"""The simulated process: an event loop whose time jumps, and that can die at any of its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

STEPS_MAX = 200_000
"""Steps of the loop in one stretch: more mean that it turns in circles."""
_TEAR_DOWN_STEPS_MAX = 1000


class Hangs(Exception):
    """Every task waits for something that will never come, or the loop turns in circles."""


class Killed(BaseException):
    """Leaves the code that a dying process was in."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """An event loop without sockets and threads. What it does between two waits takes no time.

    `on_step` is called before each step. After `die` no more of the process is to be seen: whoever stands for
    the world outside has to ask `dead` before anything takes effect.
    """

    def __init__(self, now: float, lateness: Callable[[], float], on_step: Callable[[int], None]) -> None:
        super().__init__()
        self.now = now
        self.steps = 0
        self.dead = False
        self.problems: list[str] = []
        """Errors that nobody caught."""
        self._lateness = lateness
        self._on_step = on_step
        self._main: asyncio.Task[Any] | None = None
        self._selector = self
        self.set_exception_handler(self._note_problem)

    def time(self) -> float:
        """Virtual seconds."""
        return self.now

    def select(self, timeout: float | None) -> list[object]:
        """Pass the time until the next timer, as the loop's own selector."""
        if self.dead:
            return []
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise Hangs(f"{STEPS_MAX} steps of the event loop and no end")
        if timeout is None:
            raise Hangs("every task waits, and no timer is set")
        if timeout > 0:
            self.now += timeout + self._lateness()
        self._on_step(self.steps)
        return []

    def live(self, main: Coroutine[object, object, Result]) -> asyncio.Task[Result] | None:
        """Run `main` to its end; None if the process died before."""
        self._main = task = self.create_task(main)
        task.add_done_callback(lambda _: self.stop())
        self.run_forever()
        return task if task.done() and not self.dead else None

    def cancel_main(self) -> None:
        """Cancel what `live` runs."""
        if self._main is not None:
            self._main.cancel()

    def die(self) -> None:
        """End the process here and now."""
        self.dead = True
        self.stop()

    def tear_down(self) -> None:
        """Take the process apart, so that nothing of it is left to be collected later."""
        self.dead = True
        for _ in range(_TEAR_DOWN_STEPS_MAX):
            tasks = asyncio.all_tasks(self)
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            self.call_soon(self.stop)
            self.run_forever()
        self.close()

    def _note_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not self.dead:
            self.problems.append(f"{context['message']}: {context.get('exception')!r}")

    def _process_events(self, events: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class SimulatedThread(Executor):
    """Does one thing at a time, in order, each after a while; the effect is at the end of that while."""

    def __init__(self, loop: SimulatedLoop, delay: Callable[[], float]) -> None:
        self._loop = loop
        self._delay = delay
        self._jobs: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """Queue a call."""
        future: Future[Result] = Future()
        self._jobs.append((future, lambda: fn(*args, **kwargs)))
        if len(self._jobs) == 1:
            self._begin()
        return future

    def _begin(self) -> None:
        while self._jobs and not self._jobs[0][0].set_running_or_notify_cancel():
            self._jobs.pop(0)
        if self._jobs:
            self._loop.call_later(self._delay(), self._finish)

    def _finish(self) -> None:
        if self._loop.dead:
            return
        future, job = self._jobs[0]
        try:
            result = job()
        except Killed:
            return
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        self._jobs.pop(0)
        self._begin()
