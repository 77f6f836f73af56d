"""The account asked for the templates that a campaign uses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from wa_bulk.campaign.template_check import (
    AccountTemplates,
    AskAccount,
    TemplateFindings,
    hold_against,
    language_used,
    names_used,
)
from wa_bulk.cli import loop
from wa_bulk.cli.account import reachable_account
from wa_bulk.cli.problem import Problem
from wa_bulk.history import History, HistoryError, history_path
from wa_bulk.history.template_updates import template_updates
from wa_bulk.report.words import plain
from wa_bulk.send.outcome import ApiError
from wa_bulk.send.template_lookup import TemplateLookup, look_up
from wa_bulk.send.templates import Templates

if TYPE_CHECKING:
    from wa_bulk.api.template import Template
    from wa_bulk.campaign.request.blueprint import Blueprint
    from wa_bulk.campaign.run.plan import Plan
    from wa_bulk.campaign.sources.base import RowSource
    from wa_bulk.send.account import Account

TIMEOUT_S = 10.0
"""For one request. Who is about to send does not wait long for what may be left out."""

_AT_ONCE = 8


def ask_account(blueprint: Blueprint, source: RowSource, account: Account) -> AccountTemplates:
    """Ask for the templates that a campaign uses; what cannot be learnt is a `problem`, never an error."""
    names = names_used(blueprint, source)
    if not names:
        return AccountTemplates()
    return loop.run(_ask(names, language_used(blueprint), account))


def asking(base_url: str | None, way_out: str = "") -> AskAccount:
    """Return what asks the environment's account, or says of a campaign with a template why nobody can be.

    `way_out` is added to that.
    """
    try:
        account = reachable_account(base_url)
    except ValueError as error:
        why = f"{error}{way_out}"
        return lambda blueprint, source: AccountTemplates(
            problem=why if names_used(blueprint, source) else None
        )
    return partial(ask_account, account=account)


def ask_for(template: Template, base_url: str | None) -> AccountTemplates:
    """Ask the environment's account for the template of one message."""
    try:
        account = reachable_account(base_url)
    except ValueError as error:
        return AccountTemplates(problem=str(error))
    return loop.run(_ask([template.name], template.language, account))


def require_fit(plan: Plan, base_url: str | None) -> None:
    """Hold a campaign against its templates, and say on stderr what is not certain.

    Raises Problem where no row can be sent.
    """
    findings = hold_against(plan.blueprint, asking(base_url)(plan.blueprint, plan.source))
    if findings.errors:
        raise does_not_fit(findings)
    for warning in findings.warnings:
        click.echo(f"warning: {plain(warning)}", err=True)


def does_not_fit(findings: TemplateFindings) -> Problem:
    """Return the problem of a campaign of which no row can be sent."""
    return Problem("nothing was sent: the campaign and its template do not fit", *findings.errors)


async def _ask(names: list[str], language: str | None, account: Account) -> AccountTemplates:
    templates = Templates(account, timeout=TIMEOUT_S)
    at_once = asyncio.Semaphore(_AT_ONCE)
    problems: list[str] = []

    async def one(name: str) -> TemplateLookup | None:
        async with at_once:
            if problems:  # the next would take as long, and come to as much
                return None
            try:
                return await look_up(templates, name, language)
            except ApiError as error:
                problems.append(str(error))
                return None

    found = [lookup for lookup in await asyncio.gather(*map(one, names)) if lookup is not None]
    return AccountTemplates(
        lookups={lookup.name: lookup for lookup in found},
        names=await _all_names(templates) if any(not lookup.found for lookup in found) else frozenset(),
        since=_since(account),
        problem=problems[0] if problems else None,
    )


async def _all_names(templates: Templates) -> frozenset[str]:
    """Return every name, for a word on which one may be meant; none where that cannot be learnt."""
    try:
        return frozenset([one.name async for one in templates.iterate()])
    except ApiError:
        return frozenset()


def _since(account: Account) -> dict[tuple[str, str, str], str]:
    """Return in words since when templates are what they are, as far as callbacks told."""
    try:
        history = History.open_existing(history_path(account.base_url))
        if history is None:
            return {}
        with history:
            updates = template_updates(history.inbox)
    except HistoryError:
        return {}
    return {
        (*key, update.status): f" since {datetime.fromtimestamp(update.at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        f"{f' ({update.reason})' if update.reason else ''}"
        for key, update in updates.items()
    }
