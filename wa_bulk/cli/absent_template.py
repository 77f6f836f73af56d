"""What the user is told of a template that the account does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wa_bulk.cli.api_problem import ask
from wa_bulk.cli.problem import Problem

if TYPE_CHECKING:
    from wa_bulk.send.template_lookup import TemplateLookup
    from wa_bulk.send.templates import Templates


def absent(lookup: TemplateLookup, base_url: str | None, language: str | None = None) -> Problem:
    """Say that there is no such template, and what comes near."""
    from wa_bulk.api.language import nearest_language
    from wa_bulk.send.template_lookup import nearest_name

    if lookup.found and language is not None:
        near = nearest_language(language, lookup.languages)
        meant = f" Did you mean {near}?" if near else ""
        return Problem(
            f"{lookup.name} does not exist in language {language}",
            f"It exists in {', '.join(lookup.languages)}.{meant}",
        )
    everything = ask(base_url, "the templates cannot be listed", _names)
    nearest = nearest_name(lookup.name, [*lookup.others, *everything])
    hint = f"Did you mean {nearest}? " if nearest else ""
    return Problem(
        f"the account has no template {lookup.name}", f"{hint}`wa-bulk templates list` shows what there is."
    )


async def _names(templates: Templates) -> set[str]:
    return {one.name async for one in templates.iterate()}
