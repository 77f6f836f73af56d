"""The simulated server says all that the table of verdicts knows, and means by it what the package does."""

from __future__ import annotations

import random

import pytest

from tests.simulation.answers import ACCEPTED, KINDS, Evidence, Kind, Request
from wa_bulk.api.replies import read_reply
from wa_bulk.send import verdict
from wa_bulk.send.verdict import Ruling, Verdict

DRAWS = 400
MEANS: dict[Evidence, set[Verdict]] = {
    "taken": {"accepted"},
    "try again": {"retry"},
    "final": {"rejected", "failed", "fatal"},
    "nothing": {"unknown"},
}


def rulings(kind: Kind) -> list[Ruling]:
    """How the package judges many answers of a kind, each once where a message was accepted before."""
    request = Request("news-7", "7000000000001", "secret", random.Random(kind.name))
    found: list[Ruling] = []
    for _ in range(DRAWS):
        answer = kind.make(request)
        fields = read_reply(answer.body)
        found += [verdict.of_reply(answer.status, fields, address_proven=proven) for proven in (False, True)]
    return found


@pytest.mark.parametrize("kind", [ACCEPTED, *KINDS], ids=lambda kind: kind.name)
def test_an_answer_means_the_same_to_the_simulation_and_to_the_package(kind: Kind) -> None:
    found = rulings(kind)
    assert {ruling.verdict for ruling in found} <= MEANS[kind.evidence]
    if kind.evidence == "nothing":
        assert {ruling.speaker == "gateway" for ruling in found} == {kind.gateway}
    if kind.taken:
        assert "not taken" not in {ruling.proves for ruling in found}


def test_every_row_of_the_table_is_an_answer_of_the_simulation() -> None:
    met = {ruling.answer for kind in (ACCEPTED, *KINDS) for ruling in rulings(kind)}
    tables = (verdict.BY_CODE, verdict.BY_STATUS, verdict.BY_STATUS_WITHOUT_CODE, verdict.BY_STATUS_OTHERWISE)
    table = {ruling.answer for rows in tables for ruling in rows.values()}
    table |= {verdict.ACCEPTED.answer, verdict.NO_MESSAGE_ID.answer, verdict.ADDRESS_PROVEN.answer}
    assert table - met == set()
