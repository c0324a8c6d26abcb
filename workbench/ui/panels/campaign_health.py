"""The health of one chosen campaign: each part with its rate, its sample and its points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.metrics import METRICS
from workbench.metrics.campaign_health import CampaignHealth, HealthPart, campaign_health
from workbench.metrics.campaigns import FEWEST_PEOPLE, Campaign
from workbench.ui.page_data import PageData
from workbench.ui.panels.campaigns import campaigns_definition, campaigns_of, chosen_campaigns

_COLUMNS = [
    {"label": "Part", "kind": "text"},
    {"label": "Rate", "kind": "number"},
    {"label": "Points", "kind": "number"},
]


def health(data: PageData) -> dict[str, Any]:
    """The parts of the health of the one campaign that the page is filtered by."""
    kind, chosen = chosen_campaigns(data)
    campaigns = campaigns_of(data, kind)
    campaign = next((item for item in campaigns.campaigns if [item.campaign] == chosen), None)
    worked_out = campaign_health(campaign) if campaign else CampaignHealth(())
    rows = [_row(part) for part in worked_out.parts]
    return {
        "columns": _COLUMNS,
        "rows": rows,
        "footnote": f"{_total(worked_out)}{_reply_time(campaign)}" if campaign else "",
        "definition": campaigns_definition(campaigns, data),
        "file": lambda: pd.DataFrame(
            [_file_row(part) for part in worked_out.parts],
            columns=["metric", "rate", "sample", "points", "most_points"],
        ),
    }


def _row(part: HealthPart) -> dict[str, Any]:
    unit = "messages" if part.rule.metric == "delivery_rate" else "people"
    sample = f"{formats.count(part.share.sample)} {unit}"
    if part.points is None:
        rate: Mapping[str, Any] = {
            "text": formats.MISSING, "muted": True, "note": f"too few: {sample}, at least {FEWEST_PEOPLE}",
        }  # fmt: skip
        points: Mapping[str, Any] = {"text": formats.MISSING, "muted": True}
    else:
        rate = {"text": formats.rate(part.share.rate), "note": f"of {sample}"}
        points = {"text": f"{part.points:.1f}", "note": f"of {part.rule.most}"}
    ends = f"none at {formats.rate(part.rule.none_at)}, all at {formats.rate(part.rule.all_at)}"
    return {
        "key": part.rule.metric,
        "cells": [{"text": part.rule.label, "note": ends}, rate, points],
        "hint": "",
    }


def _total(worked_out: CampaignHealth) -> str:
    if worked_out.score is None:
        return "No health: one of its parts is of too few."
    return f"Health: {worked_out.score:.1f} of 100, the sum of these points."


def _reply_time(campaign: Campaign) -> str:
    if campaign.first_replies < METRICS["time_to_reply_p50"].minimum_sample:
        return ""
    return (
        f" Half of {formats.count(campaign.first_replies)} first replies came within "
        f"{formats.duration(campaign.time_to_reply)}."
    )


def _file_row(part: HealthPart) -> list[Any]:
    return [part.rule.metric, part.share.rate, part.share.sample, part.points, part.rule.most]
