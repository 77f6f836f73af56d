"""The recipients of a campaign: which file they are in, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from wa_bulk.campaign.file import CampaignError, CampaignFile, unknown_key
from wa_bulk.campaign.request.placeholder import Column, split
from wa_bulk.campaign.settings import Settings
from wa_bulk.campaign.sources import Reading, RowSource, open_source
from wa_bulk.campaign.sources.base import STANDARD_INPUT
from wa_bulk.campaign.sources.reading import reading_of
from wa_bulk.campaign.sources.spool import keep_standard_input


def recipients_of(file: CampaignFile, given: Path | None) -> Path:
    """Tell where a campaign's recipients are: `given`, or else what the file says. Raises CampaignError."""
    path = given or file.recipients
    if path is None and "recipients" in file.message:
        raise CampaignError(f"{file.path}: message: unknown key {unknown_key('recipients', ())}")
    if path is None:
        raise CampaignError(
            f'{file.path}: names no recipients; add recipients = "file.csv" or give --recipients FILE'
        )
    return path


def as_settings_say(file: CampaignFile, settings: Settings) -> CampaignFile:
    """Return the campaign with what `settings` say of how its recipients are read, where they say it."""
    said, own = settings.reading, file.reading
    reading = Reading(said.delimiter or own.delimiter, said.encoding or own.encoding, said.sheet or own.sheet)
    return msgspec.structs.replace(file, country=settings.country or file.country, reading=reading)


def gives_sheet(settings: Settings, file: CampaignFile) -> bool:
    """Tell whether `settings` ask for a sheet that is not the campaign's own."""
    return settings.sheet not in (None, file.reading.sheet)


def as_run_read(file: CampaignFile, settings: Mapping[str, object]) -> CampaignFile:
    """Return the campaign with what a run's settings, as its log has them, say of how recipients are read."""
    country = settings.get("country")
    country = country if isinstance(country, str) else file.country
    return msgspec.structs.replace(file, country=country, reading=reading_of(settings))


def with_reading_of(settings: Settings, file: CampaignFile) -> Settings:
    """Return the settings with what the campaign says of how its recipients are read."""
    return msgspec.structs.replace(settings, country=file.country, **msgspec.structs.asdict(file.reading))


def open_recipients(file: CampaignFile, path: Path, *, sheet_is_given: bool = False) -> RowSource:
    """Open the recipients of a campaign, as it says how. Raises SourceError.

    The sheet that it names is its own workbook's: in place of that a CSV may be given, unless
    `sheet_is_given` with it.
    """
    is_own = file.recipients is not None and path.absolute() == file.recipients.absolute()
    return open_source(
        path,
        file.reading,
        columns_in(file.message),
        sheet_of_workbooks_only=not is_own and not sheet_is_given,
    )


@contextmanager
def kept_beside(log: Path, path: Path) -> Iterator[Path]:
    """Give the file of a run's recipients: `path`, or what is kept of standard input beside the run's log.

    The latter goes again where something fails within. Raises SourceError.
    """
    if path != STANDARD_INPUT:
        yield path
        return
    kept = log.with_name(f"{log.name}.recipients")
    keep_standard_input(kept)
    try:
        yield kept
    except BaseException:
        kept.unlink(missing_ok=True)
        raise


def columns_in(value: object) -> set[str]:
    """Return the columns that a part of a message names; what is no placeholder is found later."""
    if isinstance(value, str):
        try:
            return {piece.name for piece in split(value) if isinstance(piece, Column)}
        except ValueError:
            return set()
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {name for part in parts for name in columns_in(part)}
