"""Signals reach a run on every kind of event loop; those of Windows leave them to Python."""

import asyncio
import signal

import pytest

from wa_bulk.cli.interrupt import two_step


@pytest.mark.parametrize("loop_takes_signals", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_handed_to_the_loop(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, loop_takes_signals: bool
) -> None:
    async def main() -> None:
        if not loop_takes_signals:
            for method in ("add_signal_handler", "remove_signal_handler"):
                monkeypatch.setattr(asyncio.get_running_loop(), method, not_implemented)
        asked = asyncio.Event()
        with two_step(asked.set, before_exit=lambda: None):
            signal.raise_signal(number)
            await asked.wait()

    before = signal.getsignal(number)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
    assert signal.getsignal(number) is before


def not_implemented(*_: object) -> None:
    raise NotImplementedError
