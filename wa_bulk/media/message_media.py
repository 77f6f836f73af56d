"""The media of messages, as whoever delivers them would find them."""

from __future__ import annotations

import time

from wa_bulk.api.media import Medium, media_of
from wa_bulk.api.message import Message
from wa_bulk.media.checker import MediaChecker
from wa_bulk.media.report import MediaReport

FRESH_S = 60.0
_KEPT = 1000


class MessageMedia:
    """Looks at the links of messages; one that many have is looked at once in FRESH_S."""

    def __init__(self, checker: MediaChecker) -> None:
        self._checker = checker
        self._looks: dict[tuple[str, str, bool], tuple[float, MediaReport]] = {}

    async def problem(self, message: Message) -> str | None:
        """Return why a medium of `message` could not be sent, None where all can be."""
        for medium in media_of(message):
            if medium.link is not None:
                report = await self._look(medium, medium.link)
                if (reason := report.unseen or next(iter(report.problems), None)) is not None:
                    return f"{medium.link} {reason}"
        return None

    async def _look(self, medium: Medium, link: str) -> MediaReport:
        key = (link, medium.kind, medium.in_header)
        fresh_until, report = self._looks.get(key, (0.0, None))
        if report is None or fresh_until < time.monotonic():
            report = await self._checker.look(link, medium.kind, in_header=medium.in_header)
            if len(self._looks) >= _KEPT:
                self._looks.clear()
            self._looks[key] = (time.monotonic() + FRESH_S, report)
        return report
