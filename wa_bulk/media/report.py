"""What was found at a link."""

from __future__ import annotations

from msgspec import Struct

from wa_bulk.api.media import MediaKind


class MediaReport(Struct, frozen=True, kw_only=True):
    """What a look at `link` found.

    `problems` are reasons for which WhatsApp will not take it, `warnings` what may be one. `unseen` says why
    it could not be looked at, which is no reason to reject it; None where it was. `content_type` is what the
    server says it is, `format` what its first bytes say, `size` is in bytes; None where not known.
    `redirects` are the addresses that the link led over.
    """

    link: str
    kind: MediaKind
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unseen: str | None = None
    content_type: str | None = None
    format: str | None = None
    size: int | None = None
    redirects: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was looked at and nothing speaks against it."""
        return self.unseen is None and not self.problems
