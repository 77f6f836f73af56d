"""What is fed with bytes that somebody hostile chose, and what must hold whatever they are.

Each target takes any bytes and returns, or raises what a caller is promised to get; anything else that it
raises is a fault that was found.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from wa_bulk.api import ValidationError, decode, encode, validate
from wa_bulk.api.replies import read_reply
from wa_bulk.callbacks import parse_callback
from wa_bulk.campaign.file import CampaignError, load
from wa_bulk.campaign.request.blueprint import RowRefused, compile_campaign
from wa_bulk.campaign.sources.base import SourceError
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.ledger.log_format import LogError
from wa_bulk.ledger.past import read_past
from wa_bulk.media.formats import format_of, is_animated_webp, ogg_codec
from wa_bulk.media.mp4 import tracks_of
from wa_bulk.media.png import OpacityScan, png_head
from wa_bulk.report.summary import summarise
from wa_bulk.send import verdict
from wa_bulk.send.answer_text import answer_text
from wa_bulk.send.redaction import HIDDEN, Redaction

Target = Callable[[bytes], None]

_folder = Path(tempfile.mkdtemp(prefix="wa-bulk-fuzz-"))
_redaction = Redaction("key", "2b4f8e7c9d1a3f5e")
_HEADER = ["phone", "name", "count"]
_ROWS = (
    ["+447911123456", "Ann", "7"],
    ["+491512345678", "é\U0001f600\n\t", "-1"],
    ["", "", ""],
    ["x", '"\\', "9" * 30],
)


def reply(data: bytes) -> None:
    """The body of a reply, at any status."""
    fields = read_reply(data)
    for status in (200, 400, 429, 500, 502, 503):
        ruling = verdict.of_reply(status, fields, address_proven=status == 400)
        text = answer_text(status, fields, ruling, _redaction.of_words)
        assert "2b4f8e7c9d1a3f5e" not in text.replace(HIDDEN, "")


def log(data: bytes) -> None:
    """A log, for a resume and for a report."""
    path = _written("log.jsonl", data)
    for read in (read_past, summarise):
        try:
            read(path)
        except LogError as error:
            assert str(error)


def recipients(data: bytes) -> None:
    """A file of recipients: read again and in parts it must be the same."""
    path = _written("recipients.csv", data)
    try:
        source = open_source(path)
        rows = list(source.rows())
        scan = source.scan()
    except SourceError as error:
        assert str(error)
        return
    assert scan.rows == len(rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.problem is not None or len(row.values) == len(source.header) for row in rows)
    picked = [row for row in source.rows_in([range(2, 4), range(5, 1000)]) if row is not None]
    assert picked == [row for row in rows if row.number in (2, 3) or 5 <= row.number < 1000]


def campaign(data: bytes) -> None:
    """A campaign file: what it makes of a row is what encoding the whole message would."""
    try:
        file = load(_written("campaign.toml", data))
        blueprint = compile_campaign(file, _HEADER, "run")
    except CampaignError as error:
        assert str(error)
        return
    for number, values in enumerate(_ROWS, 1):
        try:
            rendered = blueprint.render(number, values)
        except RowRefused as refusal:
            assert str(refusal)
            continue
        message = validate(decode(rendered.payload))
        assert encode(message) == rendered.payload, rendered.payload


def callback(data: bytes) -> None:
    """The body of a callback."""
    try:
        rows = parse_callback(data)
    except ValidationError as error:
        assert str(error)
        return
    for row in rows:
        msgspec.json.encode(row)


def media(data: bytes) -> None:
    """The beginning of a file behind a link."""

    async def read(offset: int, length: int) -> bytes:
        return data[offset : offset + length]

    format_of(data)
    ogg_codec(data)
    is_animated_webp(data)
    asyncio.run(tracks_of(read, len(data)))
    if (head := png_head(data)) is not None and head.has_alpha and head.width * head.height < 1_000_000:
        scan = OpacityScan(head)
        try:
            for at in itertools.takewhile(lambda at: at < len(data), itertools.count(0, 61)):
                scan.feed(data[at : at + 61])
        except ValueError:
            pass


def _written(name: str, data: bytes) -> Path:
    path = _folder / name
    path.write_bytes(data)
    return path


TARGETS: dict[str, Target] = {
    target.__name__: target for target in (reply, log, recipients, campaign, callback, media)
}
