"""The recipients of a run once more, for rows that are to be sent again."""

from __future__ import annotations

from pathlib import Path

from wa_bulk.campaign.sources.base import RowSource
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.cluster.connection import ClusterError
from wa_bulk.cluster.run_record import RunRecord


def recipients_again(record: RunRecord) -> RowSource:
    """Open the recipients that a run was submitted with. Raises ClusterError where they are not here."""
    description = record.description
    path = Path(description.source_path)
    if not path.exists():
        raise ClusterError(
            f"{path} is not here: run {description.run_id} was submitted on {description.submitted_on}; "
            "retry it there, or put its recipients there"
        )
    source = open_source(path, description.settings.reading)
    if source.sha256() != description.source_sha256:
        raise ClusterError(
            f"{path} is not the file that run {description.run_id} was submitted with; its rows would be "
            "taken for others: put the original back"
        )
    return source
