"""A real gateway in between: whatever it does to connections and replies, the books balance."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.chaos.after import books, statuses
from tests.chaos.balance import faults
from tests.chaos.campaign import Campaign
from tests.chaos.faults import CALM, ROUGH, Faults
from tests.chaos.gateway import gateway
from tests.chaos.odd_upstream import ANSWERS, odd_upstream
from tests.chaos.recipients import crowd
from tests.chaos.recorder import Recorder

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx"),
]

OPTIONS = (
    "--rate",
    "0",
    "--concurrency",
    "16",
    "--timeout",
    "1",
    "--max-failures-in-a-row",
    "0",
    "--max-failure-share",
    "0",
)

SETTINGS = {
    "connections closed every few requests": ("keepalive_requests 3;", "", CALM),
    "connections closed when idle": ("keepalive_timeout 30ms;", "", Faults(latency_s=0.02)),
    "no buffering": ("", "proxy_buffering off; proxy_request_buffering off;", ROUGH),
    "compressed": ("gzip on; gzip_proxied any; gzip_min_length 1; gzip_types *;", "", CALM),
    "short patience": ("", "proxy_read_timeout 200ms;", Faults(stall=0.03, reset_after=0.02)),
    "too many requests": ("", "limit_req zone=all burst=20 nodelay; limit_req_status 429;", CALM),
    "errors dressed as success": ("", "proxy_intercept_errors on; error_page 500 502 =200 @well;", ROUGH),
}


@pytest.mark.parametrize("kind", SETTINGS)
async def test_the_books_balance_behind_nginx(tmp_path: Path, server: Recorder, kind: str) -> None:
    settings, location, trouble = SETTINGS[kind]
    await server.fault(trouble)
    campaign = Campaign(tmp_path, server, crowd(200), *OPTIONS)
    async with gateway(tmp_path, server.url, settings, location) as nginx:
        campaign.environment["WA_BULK_BASE_URL"] = nginx.url
        await campaign.send()
        await campaign.resume("--retry-failed")
    assert faults(campaign) == []
    if trouble is CALM and "429" not in location:
        assert statuses(campaign) == {"accepted": 200}


@pytest.mark.parametrize("transport", ["lean", "aiohttp"])
@pytest.mark.parametrize("how", ["reloaded", "killed"])
async def test_a_gateway_that_begins_anew(tmp_path: Path, server: Recorder, how: str, transport: str) -> None:
    await server.fault(Faults(latency_s=0.01))
    campaign = Campaign(tmp_path, server, crowd(1000), *OPTIONS, "--transport", transport)
    async with gateway(tmp_path, server.url) as nginx:
        campaign.environment["WA_BULK_BASE_URL"] = nginx.url
        running = await campaign.start_send()
        for requests in (100, 300, 500):
            await running.at_work(requests)
            nginx.reload() if how == "reloaded" else nginx.kill_workers()
        await running.end()
        await campaign.resume()
    assert faults(campaign) == []
    in_doubt = statuses(campaign)["unknown"]
    assert in_doubt <= 3 * 16
    assert statuses(campaign)["accepted"] == 1000 - in_doubt


@pytest.mark.parametrize("transport", ["lean", "aiohttp"])
async def test_replies_out_of_step_are_nobody_elses(tmp_path: Path, server: Recorder, transport: str) -> None:
    rows = 8 * len(ANSWERS)
    campaign = Campaign(tmp_path, server, crowd(rows), *OPTIONS, "--transport", transport)
    async with odd_upstream() as upstream, gateway(tmp_path, upstream.url) as nginx:
        campaign.environment["WA_BULK_BASE_URL"] = nginx.url
        await campaign.send()
    assert set(upstream.taken.values()) == {1}, "a message was sent twice"
    results = books(campaign).last_result
    assert set(results) == set(range(1, rows + 1))
    assert {result["status"] for result in results.values()} <= {"accepted", "unknown"}
    for row, result in results.items():
        if result["status"] == "accepted":
            assert result["message_id"] == upstream.ids[row], f"row {row}"
    for number, kind in enumerate(ANSWERS):
        if kind in ("as it should", "chunked", "until the end", "HTTP/1.0", "continue before it"):
            assert {results[row]["status"] for row in results if row % len(ANSWERS) == number} == {"accepted"}
