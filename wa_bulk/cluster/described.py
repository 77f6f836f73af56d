"""The campaign of a run in Redis, for whoever has not its file."""

from __future__ import annotations

from pathlib import Path

from wa_bulk.campaign.file import CampaignError, CampaignFile, campaign_in
from wa_bulk.campaign.recipients import as_settings_say
from wa_bulk.campaign.request.blueprint import Blueprint, compile_campaign
from wa_bulk.cluster.run_record import Description, OtherVersion


def campaign_of(description: Description) -> CampaignFile:
    """Read the campaign that was submitted. Raises OtherVersion where this version cannot."""
    try:
        return campaign_in(description.campaign.encode(), Path(description.campaign_path))
    except CampaignError as error:
        raise OtherVersion(description.run_id, description.version, str(error)) from error


def blueprint_of(description: Description) -> Blueprint:
    """Compile the campaign that was submitted. Raises OtherVersion where this version cannot."""
    file = as_settings_say(campaign_of(description), description.settings)
    return compile_campaign(file, description.header, description.run_id)
