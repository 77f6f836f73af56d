"""Answers as gateways and proxies really give them, to a whole campaign: who gets it, and what is logged."""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.campaign.fixture import CAMPAIGN, FAST, CampaignFixture, changed, number
from tests.send.engagelab import Answer, EngageLab, Reply, Trouble, error
from wa_bulk.campaign.run.gates import outage
from wa_bulk.campaign.run.plan import plan_resume
from wa_bulk.campaign.run.run import CampaignRun, RunSummary
from wa_bulk.campaign.settings import Settings
from wa_bulk.send.account import Account
from wa_bulk.send.retry import Retry

TAKEN = Reply(body=b'{"message_id":"m"}')


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PROBE_WAITS_S", (0.0, 0.05, 0.1))
    monkeypatch.setattr("wa_bulk.campaign.run.run.Retry", partial(Retry, wait_initial=0.01))
    monkeypatch.setattr("wa_bulk.campaign.run.retry_later.WAIT_INITIAL_S", 0.01)
    monkeypatch.setattr("wa_bulk.send.pacing.slow_down.STOP_MIN_S", 0.01)


class Server:
    """Answers each person's n-th request with the n-th of their answers, the last for ever."""

    def __init__(self, *answers: Answer | Callable[[dict[str, Any]], Answer]) -> None:
        self.requests: Counter[str] = Counter()
        self.lab = EngageLab(self._answer)
        self._answers = answers

    def _answer(self, _: int) -> Answer:
        message = self.lab.arrivals[-1].message
        to = str(message["to"]).strip("[']")
        self.requests[to] += 1
        answer = self._answers[min(self.requests[to], len(self._answers)) - 1]
        return answer(message) if callable(answer) else answer


async def sent(
    campaign: CampaignFixture, server: Server, rows: int = 3, settings: Settings = FAST
) -> RunSummary:
    campaign.write_row_count(rows)
    async with server.lab:
        account = Account("key", "secret-of-mine", server.lab.url)
        return await asyncio.wait_for(CampaignRun(campaign.plan(settings), account).execute(), 30)


@pytest.mark.parametrize("status", [502, 504, 520, 522, 524, 527, 598, 599, 555])
async def test_a_gateway_that_proves_nothing_costs_each_person_one_message(
    campaign: CampaignFixture, status: int
) -> None:
    server = Server(Reply(status))
    summary = await sent(campaign, server, settings=changed(tries=5))
    assert set(server.requests.values()) == {1}
    assert (summary.totals.unknown, summary.stopped) == (3, None)


async def test_the_same_and_then_200_is_not_tried(campaign: CampaignFixture) -> None:
    server = Server(Reply(504), TAKEN)
    summary = await sent(campaign, server, settings=changed(tries=5))
    assert set(server.requests.values()) == {1}
    assert summary.totals.unknown == 3


@pytest.mark.parametrize("rows", [1, 3, 40])
async def test_unless_the_user_says_that_twice_is_better_than_never(
    campaign: CampaignFixture, rows: int
) -> None:
    server = Server(Reply(504), TAKEN)
    summary = await sent(campaign, server, rows, changed(tries=5, gateway_errors="retry"))
    assert summary.totals.accepted == rows
    assert {result["attempts"] for result in campaign.results().values()} == {2}


async def test_and_then_it_stays_unknown_when_the_tries_are_used_up_or_it_is_refused(
    campaign: CampaignFixture,
) -> None:
    def refused_later(message: dict[str, Any]) -> Answer:
        return error(400, 3002) if message["to"] == [number(1)] else Reply(504)

    server = Server(Reply(504), refused_later)
    summary = await sent(campaign, server, settings=changed(tries=3, gateway_errors="retry"))
    assert (summary.totals.unknown, summary.totals.rejected) == (3, 0)
    assert [server.requests[number(row)] for row in (1, 2, 3)] == [2, 3, 3]


async def test_a_timeout_is_not_a_gateways_error(campaign: CampaignFixture) -> None:
    server = Server(Trouble.RESET, TAKEN)
    summary = await sent(campaign, server, settings=changed(tries=5, gateway_errors="retry"))
    assert summary.totals.unknown == 3
    assert set(server.requests.values()) == {1}


@pytest.mark.parametrize(
    "first", [Reply(408), Reply(421), Reply(425), error(400, 3004), error(200, 23008), Reply(503)]
)
async def test_what_was_not_taken_is_sent_again(campaign: CampaignFixture, first: Reply) -> None:
    server = Server(first, TAKEN)
    summary = await sent(campaign, server, settings=changed(tries=5))
    assert summary.totals.accepted == 3
    assert set(server.requests.values()) == {2}


async def test_a_4xx_whose_code_is_not_known_may_be_sent_again(campaign: CampaignFixture) -> None:
    summary = await sent(campaign, Server(error(400, 31337, "quota")))
    assert (summary.totals.failed, summary.totals.rejected) == (3, 0)


@pytest.mark.parametrize("status", [301, 404, 405, 415])
async def test_a_wrong_address_writes_no_row_off(campaign: CampaignFixture, status: int) -> None:
    summary = await sent(campaign, Server(Reply(status, b"<html>")), rows=150)
    assert summary.stopped == "fatal"
    assert "base URL" in (summary.detail or "")
    assert campaign.results() == {}


async def test_an_address_that_took_messages_is_not_wrong(campaign: CampaignFixture) -> None:
    def answer(message: dict[str, Any]) -> Answer:
        return Reply(404) if message["to"] == [number(3)] else TAKEN

    summary = await sent(campaign, Server(answer), settings=changed(concurrency=1))
    assert (summary.stopped, summary.totals.accepted, summary.totals.failed) == (None, 2, 1)


@pytest.mark.parametrize("code", [3001, 3002, 3003])
@pytest.mark.parametrize("rows", [5, 19, 20, 105])
async def test_a_campaign_that_is_refused_as_a_whole_writes_nobody_off(
    campaign: CampaignFixture, code: int, rows: int
) -> None:
    server = Server(error(400, code, "no such parameter"))
    summary = await sent(campaign, server, rows)
    assert summary.stopped == "fatal"
    assert "no such parameter" in (summary.detail or "")
    assert summary.totals.rejected == 0
    async with Server(TAKEN).lab as lab:
        plan = plan_resume(campaign.log)
        done = await CampaignRun(plan, Account("key", "secret-of-mine", lab.url)).execute()
    assert done.totals.accepted == rows


async def test_a_second_stop_for_that_names_the_way_out(campaign: CampaignFixture) -> None:
    server = Server(error(400, 3002))
    await sent(campaign, server, 30)
    async with Server(error(400, 3002)).lab as lab:
        lab.answer = lambda _: error(400, 3002)
        again = await CampaignRun(
            plan_resume(campaign.log), Account("k", "secret-of-mine", lab.url)
        ).execute()
        assert again.stopped == "fatal"
        assert "--max-failures-in-a-row 0" in (again.detail or "")
        off = {"max_failures_in_a_row": 0, "max_failure_share": 0}
        plan = plan_resume(campaign.log, **off)
        done = await CampaignRun(plan, Account("k", "secret-of-mine", lab.url)).execute()
    assert (done.stopped, done.totals.rejected) == (None, 30)


async def test_a_few_refusals_are_the_rows_own(campaign: CampaignFixture) -> None:
    summary = await sent(campaign, Server(error(400, 3002)), rows=4)
    assert (summary.stopped, summary.totals.rejected) == (None, 4)


async def test_one_acceptance_makes_refusals_the_rows_own(campaign: CampaignFixture) -> None:
    def answer(message: dict[str, Any]) -> Answer:
        return TAKEN if message["to"] == [number(1)] else error(400, 3002)

    summary = await sent(campaign, Server(answer), rows=30)
    assert (summary.stopped, summary.totals.rejected, summary.totals.accepted) == (None, 29, 1)


def languages(rows: int, *codes: str) -> list[tuple[str, str, str]]:
    return [(number(row), "n", codes[row % len(codes)]) for row in range(1, rows + 1)]


@pytest.mark.parametrize("concurrency", [1, 64])
async def test_a_template_missing_in_every_language_writes_nobody_off(
    campaign: CampaignFixture, concurrency: int
) -> None:
    campaign.campaign.write_text(CAMPAIGN.replace('"en"', '"{language}"'))
    campaign.write_rows(languages(105, "en", "fr"), "phone,name,language")
    server = Server(error(400, 4001, "no such template"))
    async with server.lab as lab:
        plan = campaign.plan(changed(concurrency=concurrency))
        summary = await CampaignRun(plan, Account("key", "secret-of-mine", lab.url)).execute()
    assert summary.stopped == "fatal"
    assert (summary.totals.rejected, summary.totals.accepted) == (0, 0)
    assert server.requests.total() <= concurrency + 10


async def test_a_template_missing_in_one_language_holds_only_its_rows(campaign: CampaignFixture) -> None:
    campaign.campaign.write_text(CAMPAIGN.replace('"en"', '"{language}"'))
    campaign.write_rows(languages(100, "en", "fr"), "phone,name,language")

    def answer(message: dict[str, Any]) -> Answer:
        language = message["body"]["template"]["language"]
        return error(400, 4001, "no such template") if language == "fr" else TAKEN

    server = Server(answer)
    async with server.lab as lab:
        plan = campaign.plan(changed(concurrency=2))
        summary = await CampaignRun(plan, Account("key", "secret-of-mine", lab.url)).execute()
    assert (summary.stopped, summary.totals.accepted, summary.totals.rejected) == (None, 50, 50)
    assert server.requests.total() < 55
    assert {result["code"] for result in campaign.results().values() if result["status"] == "rejected"} == {
        4001
    }


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        (b'{"message_id":"m1","request_id":17}', "m1"),
        (b'{"message_id":4711}', "4711"),
        (b'\xef\xbb\xbf{"message_id":"m1"}', "m1"),
        (gzip.compress(b'{"message_id":"m1"}', mtime=0), "m1"),
        (b'{"message_id":"m1","request_id":"ne"}', "m1"),
    ],
)
async def test_an_odd_acceptance_is_one_and_the_log_keeps_our_request_id(
    campaign: CampaignFixture, body: bytes, message_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    summary = await sent(campaign, Server(Reply(body=body)))
    assert summary.totals.accepted == 3
    assert {result["message_id"] for result in campaign.results().values()} == {message_id}
    assert [campaign.results()[row]["request_id"] for row in (1, 2, 3)] == ["news-1", "news-2", "news-3"]
    assert caplog.text.count("noted once") == (b"request_id" in body)


@pytest.mark.parametrize(
    "body", [b'{"code":"2003"}', b'{"code":2003,"message":{"a":1}}', gzip.compress(b'{"code":2003}', mtime=0)]
)
async def test_an_odd_refusal_of_the_account_is_fatal(campaign: CampaignFixture, body: bytes) -> None:
    summary = await sent(campaign, Server(Reply(400, body)))
    assert summary.stopped == "fatal"
    assert campaign.results() == {}


async def test_the_reply_to_another_request_is_no_acceptance(campaign: CampaignFixture) -> None:
    ids: list[str] = []

    def answer(message: dict[str, Any]) -> Answer:
        ids.append(message["request_id"])
        return Reply(body=json.dumps({"message_id": "m", "request_id": ids[0]}).encode())

    summary = await sent(campaign, Server(answer), settings=changed(concurrency=1, transport="lean"))
    assert (summary.totals.accepted, summary.totals.unknown) == (2, 1)
    assert "news-1" in campaign.results()[2]["error"]


async def test_request_ids_of_the_users_own_may_repeat(campaign: CampaignFixture) -> None:
    campaign.campaign.write_text(CAMPAIGN.replace("[message]", '[message]\nrequest_id = "the same"'))
    server = Server(Reply(body=b'{"message_id":"m","request_id":"the same"}'))
    summary = await sent(campaign, server, rows=30)
    assert summary.totals.accepted == 30


async def test_a_retry_after_beyond_patience_stops_with_the_time(campaign: CampaignFixture) -> None:
    server = Server(error(429, None, "slow down", "Retry-After: 3600\r\n"))
    summary = await sent(campaign, server, rows=30, settings=changed(tries=5))
    assert summary.stopped == "failures"
    assert "asks to send nothing more from +8613800138000 before" in (summary.detail or "")
    assert campaign.results() == {}
    assert server.requests.total() <= FAST.concurrency


async def test_it_stops_only_when_every_sending_number_is_held(campaign: CampaignFixture) -> None:
    campaign.campaign.write_text(CAMPAIGN.replace('"+8613800138000"', '"{line}"'))
    lines = ("+8613800138000", "+8613800138001")
    campaign.write_rows([(number(row), "n", lines[row % 2]) for row in range(1, 41)], "phone,name,line")

    def answer(message: dict[str, Any]) -> Answer:
        held = message["from"] == lines[0]
        return error(429, None, "slow down", "Retry-After: 3600\r\n") if held else TAKEN

    server = Server(answer)
    async with server.lab as lab:
        run = CampaignRun(campaign.plan(FAST), Account("key", "secret-of-mine", lab.url))
        summary = await run.execute()
    assert (summary.stopped, summary.totals.accepted) == ("failures", 20)
    assert lines[0] in (summary.detail or "")
    async with Server(TAKEN).lab as lab:
        lab.answer = lambda _: TAKEN
        done = await CampaignRun(plan_resume(campaign.log), Account("k", "secret-of-mine", lab.url)).execute()
    assert (done.stopped, done.totals.accepted) == (None, 40)


@pytest.mark.parametrize(
    "trouble", [Reply(502), Reply(504), Trouble.RESET, Reply(200, b"<html>Welcome</html>")]
)
@pytest.mark.parametrize("policy", [{}, {"gateway_errors": "retry"}, {"on_unknown": "retry"}])
async def test_an_outage_costs_what_was_in_flight_and_a_few(
    campaign: CampaignFixture, trouble: Answer, policy: dict[str, str]
) -> None:
    server = Server(trouble)
    settings = changed(concurrency=8, tries=5, outage_limit=0.5, **policy)
    summary = await sent(campaign, server, rows=400, settings=settings)
    assert summary.stopped == "failures"
    assert "the server was unavailable" in (summary.detail or "")
    assert summary.totals.unknown <= 8 + 8
    assert max(server.requests.values()) <= (1 if not policy else 2)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_flaky_gateway_slows_nothing_and_writes_to_nobody_twice(
    campaign: CampaignFixture, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "PROBE_WAITS_S", (0.0, 60.0))  # a wait for a second probe would be seen
    server = Server(lambda message: Reply(status) if int(message["to"][0]) % 17 == 0 else TAKEN)
    summary = await sent(campaign, server, rows=1000)
    assert summary.stopped is None
    assert set(server.requests.values()) == {1}
    assert summary.totals.accepted + summary.totals.unknown == 1000
    assert summary.totals.unknown == sum(int(number(row)) % 17 == 0 for row in range(1, 1001))


async def test_rejected_rows_are_sent_again_when_asked(campaign: CampaignFixture) -> None:
    def answer(message: dict[str, Any]) -> Answer:
        return error(400, 3003) if int(message["to"][0]) % 2 else TAKEN

    summary = await sent(campaign, Server(answer), rows=10)
    assert (summary.totals.accepted, summary.totals.rejected) == (5, 5)
    async with Server(TAKEN).lab as lab:
        lab.answer = lambda _: TAKEN
        plan = plan_resume(campaign.log, retry_rejected=True)
        assert plan.rows_to_send == 5
        done = await CampaignRun(plan, Account("k", "secret-of-mine", lab.url)).execute()
    assert (done.totals.accepted, done.totals.rejected) == (10, 0)
    assert len(lab.arrivals) == 5
