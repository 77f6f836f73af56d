"""What the account has under a template's name, and whether what is not there is certainly absent."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from wa_bulk.api.account_template import AccountTemplate
from wa_bulk.send.templates import Templates

_SMALLEST_PAGE = 10
_PAGES_COUNT_IN = 5


class TemplateLookup(Struct, frozen=True):
    """The templates of exactly this `name`, one a language, and the names of `others` that the query brought.

    `is_whole` tells that there are no more languages of this name. It is false where the reply may have been
    cut (the vendor documents no pages, and promises none either), the server did not look at the name, or a
    template does not tell its language.
    """

    name: str
    found: list[AccountTemplate]
    others: list[str]
    is_whole: bool

    @property
    def languages(self) -> list[str]:
        """Return the languages that it exists in, sorted."""
        return sorted(template.language for template in self.found if template.language)

    def in_language(self, language: str) -> AccountTemplate | None:
        """Return the template in this language."""
        return next((template for template in self.found if template.language == language), None)


async def look_up(templates: Templates, name: str, language: str | None = None) -> TemplateLookup:
    """Ask the account for a template by its name. Raises ApiError.

    With `language`, and where the reply may have been cut, asks again for that language alone, so that its
    absence is certain more often.
    """
    listed = await templates.list(name)
    lookup = _lookup(name, listed, None)
    if lookup.is_whole or language is None or lookup.in_language(language) is not None:
        return lookup
    narrower = _lookup(name, await templates.list(name, language=language), language)
    return TemplateLookup(name, lookup.found + narrower.found, lookup.others, narrower.is_whole)


def _lookup(name: str, listed: list[AccountTemplate], language: str | None) -> TemplateLookup:
    heeded = all(
        name.casefold() in one.name.casefold() and (language is None or one.language == language)
        for one in listed
    )
    found = [one for one in listed if one.name == name]
    return TemplateLookup(
        name,
        found,
        sorted({one.name for one in listed if one.name != name}),
        heeded and not _may_be_cut(len(listed)) and all(one.language for one in found),
    )


def _may_be_cut(count: int) -> bool:
    """Tell whether so many may be a page of more: pages are round numbers."""
    return count >= _SMALLEST_PAGE and (count % _PAGES_COUNT_IN == 0 or count & (count - 1) == 0)


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that looks most like `name`, or None when nothing comes near."""
    near = get_close_matches(name, sorted(set(names) - {name}), n=1)
    return near[0] if near else None
