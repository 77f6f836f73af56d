"""A look at media where they lie: whether WhatsApp will take what a link leads to."""

from wa_bulk.media.checker import MediaChecker, check_media
from wa_bulk.media.report import MediaReport

__all__ = ["MediaChecker", "MediaReport", "check_media"]
