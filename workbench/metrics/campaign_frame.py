"""Campaigns as rows, for notebooks, files and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.metrics.campaign_health import RULES, campaign_health
from workbench.metrics.campaigns import Campaign, CampaignList

if TYPE_CHECKING:
    import pandas as pd

HEALTH_COLUMNS = {rule.metric: f"health_of_{rule.metric.removesuffix('_rate')}" for rule in RULES}
"""Metric → the column with its points of the health."""
FRAME_COLUMNS = (
    "campaign", "text", "messages", "delivered", "not_delivered", "in_flight", "delivery_rate",
    "delivery_rate_sample", "segments_per_message", "currency", "spend", "cost_per_delivered",
    "priced_share", "reach", "people", "people_in_flight", "reply_rate", "reply_rate_low", "reply_rate_high",
    "opt_out_rate", "opt_out_rate_low", "opt_out_rate_high", "unresponsive_rate", "time_to_reply_p50",
    "first_replies", "health", *HEALTH_COLUMNS.values(),
)  # fmt: skip


def campaign_frame(campaigns: CampaignList) -> pd.DataFrame:
    """One row per campaign and currency."""
    import pandas as pd

    rows = [row for campaign in campaigns.campaigns for row in _frame_rows(campaign)]
    return pd.DataFrame(rows, columns=list(FRAME_COLUMNS))


def _frame_rows(campaign: Campaign) -> list[dict[str, Any]]:
    fields = {name: getattr(campaign, name) for name in FRAME_COLUMNS if hasattr(campaign, name)}
    fields |= {
        "delivery_rate": campaign.deliveries.rate,
        "delivery_rate_sample": campaign.deliveries.sample,
        "people": campaign.replies.sample,
        "time_to_reply_p50": campaign.time_to_reply,
        "unresponsive_rate": campaign.unresponsive.rate,
    }
    for name, share in (("reply_rate", campaign.replies), ("opt_out_rate", campaign.opt_outs)):
        low, high = share.interval
        fields |= {name: share.rate, f"{name}_low": low, f"{name}_high": high}
    health = campaign_health(campaign)
    fields |= {"health": health.score}
    fields |= {HEALTH_COLUMNS[part.rule.metric]: part.points for part in health.parts}
    return [
        {
            **fields,
            "currency": currency,
            "spend": campaign.spend.get(currency or ""),
            "cost_per_delivered": campaign.cost_per_delivered.get(currency or ""),
        }
        for currency in (*campaign.spend,) or (None,)
    ]
