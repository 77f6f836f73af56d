"""When a message may leave: the pace of each sending number, in this process or shared by several."""

from wa_bulk.send.pacing.base import Pacer, SenderPacer
from wa_bulk.send.pacing.local import LocalPacer

__all__ = ["LocalPacer", "Pacer", "SenderPacer"]
