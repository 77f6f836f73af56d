"""The look at media that `wa-bulk check` takes, and how it is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

    from wa_bulk.campaign.media import MediaFinding, MediaFindings
    from wa_bulk.campaign.settings import Settings
    from wa_bulk.media.cache import MediaCache

_FINDINGS_SHOWN = 20


class MediaLook(NamedTuple):
    """Which links to look at: those that rows make too if `every_row`, into private networks if `private`."""

    every_row: bool
    private: bool

    def __call__(
        self,
        campaign: Path,
        recipients: Path | None,
        settings: Settings,
        on_finding: Callable[[MediaFinding], object] | None,
    ) -> MediaFindings:
        """Look at the campaign's media, with progress on stderr; `on_finding` is told every finding."""
        from wa_bulk.campaign.media import look_at_media
        from wa_bulk.cli import loop
        from wa_bulk.cli.progress import looking_at_links
        from wa_bulk.media import MediaChecker

        with ExitStack() as stack:
            cache = _cache(stack)
            on_links = stack.enter_context(looking_at_links())

            async def look() -> MediaFindings:
                async with MediaChecker(private=self.private, cache=cache) as checker:
                    return await look_at_media(
                        campaign,
                        checker,
                        recipients=recipients,
                        settings=settings,
                        every_row=self.every_row,
                        on_links=on_links,
                        on_finding=on_finding,
                    )

            return loop.run(look())


def _cache(stack: ExitStack) -> MediaCache | None:
    """Open what is known of links from before; None where it cannot be used, which costs only time."""
    from platformdirs import user_cache_path

    from wa_bulk.media.cache import MediaCache

    try:
        return stack.enter_context(MediaCache(user_cache_path("wa-bulk", appauthor=False) / "media.db"))
    except (OSError, sqlite3.Error):
        return None


def show_media(console: Console, media: MediaFindings) -> None:
    """Print what the links lead to."""
    from rich.table import Table
    from rich.text import Text

    from wa_bulk.report.terminal import COLOURS
    from wa_bulk.report.words import counted, plain

    if not media.links and not media.findings:
        return
    words = [f"{counted(media.links, 'link')} looked at"]
    for number, what in (
        (media.problems, "with problems"),
        (media.warnings, "with warnings"),
        (media.unseen, "that could not be looked at"),
    ):
        words += [f"{number:,} {what}"] if number else []
    console.print(f"\nmedia: {', '.join(words)}")
    styles = {"problem": COLOURS["rejected"], "warning": "yellow", "unseen": "dim"}
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in media.findings[:_FINDINGS_SHOWN]:
        what = plain(f"{finding.link} {finding.text}" if finding.link else f"{finding.kind} {finding.text}")
        table.add_row(f"  {_place(finding)}", Text(finding.status, styles[finding.status]), Text(what))
    console.print(table)
    if (more := len(media.findings) - _FINDINGS_SHOWN) > 0:
        console.print(f"  … and {more:,} more: --json lists the first 1,000", style="dim")


def _place(finding: MediaFinding) -> str:
    if finding.row is None:
        return "every row"
    return f"row {finding.row}, line {finding.line}, {' + '.join(finding.columns)}"
