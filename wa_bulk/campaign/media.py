"""A look at the media of a campaign: each distinct link once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import Struct

from wa_bulk.api import decode
from wa_bulk.api.media import MediaKind, Medium, media_of
from wa_bulk.campaign.file import load
from wa_bulk.campaign.recipients import as_settings_say, gives_sheet, open_recipients, recipients_of
from wa_bulk.campaign.request.blueprint import Blueprint, RowRefused, compile_campaign
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources.base import RowSource
from wa_bulk.media import MediaChecker, MediaReport

FINDINGS_KEPT = 1000
"""Findings a report holds; further ones are only counted."""

_TASKS = 128
_ROWS_AT_A_TIME = 256
_RUN_ID = "check"


class MediaFinding(Struct, frozen=True):
    """What was found at a link, or of an id.

    `row` and `line` are those of the first row that has it, None where every row does; `columns` are those
    that make it. `problem`: WhatsApp will not take it; `warning`: it may not; `unseen`: not looked at.
    """

    status: Literal["problem", "warning", "unseen"]
    text: str
    field: str
    kind: MediaKind
    link: str | None
    row: int | None
    line: int | None
    columns: list[str]


class MediaFindings(Struct, frozen=True):
    """What the links of a campaign lead to: `links` distinct ones were looked at, so many of them with
    problems, with warnings alone, or not to be seen. `findings` are the first FINDINGS_KEPT."""

    links: int
    problems: int
    warnings: int
    unseen: int
    findings: list[MediaFinding]


class _Place(NamedTuple):
    medium: Medium
    row: int | None
    line: int | None
    columns: Sequence[str]

    def finding(self, status: Literal["problem", "warning", "unseen"], text: str) -> MediaFinding:
        medium = self.medium
        return MediaFinding(
            status, text, medium.path, medium.kind, medium.link, self.row, self.line, list(self.columns)
        )


async def look_at_media(
    campaign: Path,
    checker: MediaChecker,
    *,
    recipients: Path | None = None,
    settings: Settings | None = None,
    every_row: bool = False,
    on_links: Callable[[int], object] | None = None,
    on_finding: Callable[[MediaFinding], object] | None = None,
) -> MediaFindings:
    """Look at the links that all rows have, and with `every_row` at each distinct one that rows make.

    Rows that would be refused are passed over. `on_links` is told how many links were looked at, `on_finding`
    every finding. Holds some 100 bytes for each distinct link. Raises CampaignError and SourceError where no
    run could begin.
    """
    settings = settings or Settings()
    own = load(campaign)
    file = as_settings_say(own, settings)
    path = recipients_of(file, recipients)
    source = open_recipients(file, path, sheet_is_given=gives_sheet(settings, own))
    blueprint = compile_campaign(file, source.header, _RUN_ID, source.rows)
    counts: Counter[str] = Counter()
    findings: list[MediaFinding] = []
    free = asyncio.Semaphore(_TASKS)

    def note(finding: MediaFinding) -> None:
        if len(findings) < FINDINGS_KEPT:
            findings.append(finding)
        if on_finding is not None:
            on_finding(finding)

    async def look(place: _Place, link: str) -> None:
        try:
            report = await checker.look(link, place.medium.kind, in_header=place.medium.in_header)
        finally:
            free.release()
        counts["links"] += 1
        counts[_status(report)] += 1
        for finding in _findings(place, report):
            note(finding)
        if on_links is not None:
            on_links(counts["links"])

    async with asyncio.TaskGroup() as tasks:
        for place in _places(source, blueprint, every_row=every_row):
            if place is None:
                await asyncio.sleep(0)
            elif place.medium.link is None:
                counts["unseen"] += 1
                note(place.finding("unseen", "is given by its id, and cannot be looked at"))
            else:
                await free.acquire()
                tasks.create_task(look(place, place.medium.link))
    findings.sort(key=lambda finding: finding.row or 0)
    return MediaFindings(counts["links"], counts["problem"], counts["warning"], counts["unseen"], findings)


def _places(source: RowSource, blueprint: Blueprint, *, every_row: bool) -> Iterator[_Place | None]:
    """Yield each distinct medium with the first row that has it; None now and then, for others to go on."""
    seen: set[bytes] = set()
    for row in source.rows():
        if row.number % _ROWS_AT_A_TIME == 0:
            yield None
        if row.problem is not None:
            continue
        try:
            payload = blueprint.render(row.number, row.values).payload
        except RowRefused:
            continue
        for medium in media_of(decode(payload)):
            columns = blueprint.columns_of(f"{medium.path}.{'id' if medium.link is None else 'link'}")
            if columns and not every_row:
                continue
            if (digest := _digest(medium)) not in seen:
                seen.add(digest)
                yield (
                    _Place(medium, row.number, row.line, columns)
                    if columns
                    else _Place(medium, None, None, ())
                )
        if not every_row:
            return


def _digest(medium: Medium) -> bytes:
    if medium.link is None:
        return medium.path.encode()
    what = f"{medium.kind}\n{medium.in_header}\n{medium.link}"
    return hashlib.blake2b(what.encode(), digest_size=16).digest()


def _status(report: MediaReport) -> str:
    if report.unseen is not None:
        return "unseen"
    return "problem" if report.problems else "warning" if report.warnings else "good"


def _findings(place: _Place, report: MediaReport) -> Iterator[MediaFinding]:
    for text in report.problems:
        yield place.finding("problem", text)
    for text in report.warnings:
        yield place.finding("warning", text)
    if report.unseen is not None:
        yield place.finding("unseen", f"could not be looked at: {report.unseen}")
