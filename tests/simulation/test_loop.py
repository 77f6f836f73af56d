"""The simulated process: time that jumps, threads that are none, and a death that leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulation.loop import Hangs, SimulatedLoop, SimulatedThread


def loop_at(now: float = 0.0, *, dies_at_step: int | None = None) -> SimulatedLoop:
    """Make a loop that is never late."""

    def on_step(steps: int) -> None:
        if steps == dies_at_step:
            loop.die()

    loop = SimulatedLoop(now, lambda: 0.0, on_step)
    return loop


def test_hours_pass_at_once() -> None:
    loop = loop_at(7.0)
    task = loop.live(asyncio.sleep(3600))
    assert task is not None
    assert loop.now == 3607.0
    loop.tear_down()


def test_a_process_that_waits_for_nothing_is_noticed() -> None:
    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    loop = loop_at()
    with pytest.raises(Hangs, match="no timer is set"):
        loop.live(wait_for_ever())
    loop.tear_down()


def test_a_process_that_turns_in_circles_is_noticed() -> None:
    async def turn() -> None:
        while True:
            await asyncio.sleep(0)

    loop = loop_at()
    with pytest.raises(Hangs, match="and no end"):
        loop.live(turn())
    loop.tear_down()


def test_a_process_dies_at_the_step_it_is_told_to_and_all_its_tasks_with_it() -> None:
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("child")

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())

    loop = loop_at(dies_at_step=2)
    assert loop.live(main()) is None
    assert ended == []
    loop.tear_down()
    assert ended == ["child"]
    assert loop.now == 0.0
    assert not asyncio.all_tasks(loop)


def test_a_thread_does_one_thing_after_the_other_and_each_takes_its_time() -> None:
    async def main() -> None:
        thread = SimulatedThread(loop, lambda: 2.0)
        running = asyncio.get_running_loop()
        for name in ("first", "second"):
            running.run_in_executor(thread, done.append, name)
        await running.run_in_executor(thread, done.append, "third")

    done: list[str] = []
    loop = loop_at()
    loop.live(main())
    assert done == ["first", "second", "third"]
    assert loop.now == 6.0
    loop.tear_down()
