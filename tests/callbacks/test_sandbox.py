"""The whole way: the sandbox takes messages and tells what became of them, in whichever order."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.callbacks.http import receiving
from tests.callbacks.rows import RUN
from wa_bulk.callbacks import CallbackStore
from wa_bulk.history import History
from wa_bulk.sandbox import CallbackSettings, Delivery, Sandbox, SandboxSettings

SECRET = "a secret of the account"
AT_ONCE = Delivery(sent_after_s=0, delivered_after_s=0, read_after_s=0, failures={"131026": 0.3})


def message(row: int) -> dict[str, object]:
    body = {"type": "body", "parameters": [{"type": "text", "text": "482913"}]}
    template = {"name": "code", "language": "en", "components": [body]}
    return {
        "to": [f"+44791112{row:04}"],
        "body": {"type": "template", "template": template},
        "custom_args": {"wa_bulk": f"{RUN}:{row}"},
    }


@pytest.mark.parametrize(
    "shares", [{}, {"repeated_share": 1.0}, {"out_of_order_share": 1.0}, {"early_share": 1.0}], ids=str
)
async def test_every_row_ends_as_the_sandbox_has_it(
    store: CallbackStore, file: Path, shares: dict[str, float]
) -> None:
    async with receiving(store, SECRET) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        callbacks = msgspec.convert(
            {"url": url, "secret": SECRET, "batch_wait_s": 0.01, **shares}, CallbackSettings
        )
        settings = SandboxSettings(callbacks=callbacks, delivery=AT_ONCE)
        async with Sandbox(settings) as sandbox:
            token = b64encode(f"{sandbox.key}:{sandbox.secret}".encode()).decode()
            async with aiohttp.ClientSession(headers={"Authorization": f"Basic {token}"}) as session:
                for row in range(1, 41):
                    async with session.post(f"{sandbox.url}/v1/messages", json=message(row)) as reply:
                        assert reply.status == 200, await reply.text()
            await sandbox.settled()
            expected = {one.to: (one.message_id, one.status) for one in sandbox.messages}
    with History.open(file) as history:
        found = list(history.deliveries.of_run(RUN))
    assert [one.row for one in found] == list(range(1, 41))
    reached = {
        one.to: (one.best.message_id, "failed" if one.best.code == 131026 else one.best.state)
        for one in found
    }
    assert reached == expected
    assert set(Counter(state for _, state in reached.values())) == {"read", "failed"}
    assert receiver.counters.unreadable == receiver.counters.bad_signatures == 0
