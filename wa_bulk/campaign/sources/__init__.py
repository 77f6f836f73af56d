"""Files of recipients: CSV, packed or not, and workbooks, read alike."""

from wa_bulk.campaign.sources.base import RowSource, SourceError, SourceRow
from wa_bulk.campaign.sources.factory import open_source
from wa_bulk.campaign.sources.reading import Reading

__all__ = ["Reading", "RowSource", "SourceError", "SourceRow", "open_source"]
