"""The parts of a report, a file each, in the order in which they are shown."""

from wa_bulk.report.sections.causes import CAUSES
from wa_bulk.report.sections.damage import DAMAGE
from wa_bulk.report.sections.funnel import FUNNEL
from wa_bulk.report.sections.latency import LATENCY
from wa_bulk.report.sections.over_time import OVER_TIME
from wa_bulk.report.sections.rows import ROWS
from wa_bulk.report.sections.section import Section
from wa_bulk.report.sections.stretches import STRETCHES
from wa_bulk.report.sections.unknown_rows import UNKNOWN_ROWS
from wa_bulk.report.sections.what_next import WHAT_NEXT
from wa_bulk.report.sections.what_was_sent import WHAT_WAS_SENT

__all__ = ["SECTIONS", "Section"]

SECTIONS = (
    WHAT_WAS_SENT,
    ROWS,
    FUNNEL,
    CAUSES,
    OVER_TIME,
    LATENCY,
    UNKNOWN_ROWS,
    DAMAGE,
    WHAT_NEXT,
    STRETCHES,
)
