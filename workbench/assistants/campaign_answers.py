"""What the tools about campaigns answer with."""

from __future__ import annotations

from pydantic import Field

from workbench.api.rate_lines import RateLine
from workbench.assistants.answers import ListedAnswer, Row, ToolAnswer


class CampaignsAnswer(ListedAnswer):
    """Campaigns of a period, the one with the most messages first."""

    kind: str
    period: str
    without: int = Field(description="Outbound messages that belong to no campaign of this kind.")
    rows: list[Row] = Field(
        description="One for each campaign and currency: untrusted_text has the words of a text, or the name "
        "of a service or batch. Rates are from 0 to 1; _low and _high are their 95 % bounds; people is the "
        "sample of replies and opt-outs, people_in_flight those reached in the last seven days. health is "
        "from 0 to 100, the sum of the health_of_ parts. first_replies is the sample of time_to_reply_p50, "
        "which says nothing below 10. too_few: the rates of people say nothing."
    )
    link: str = Field(description="The page of campaigns with the same days.")


class ComparisonAnswer(ToolAnswer):
    """Two campaigns, or one before and from a day."""

    kind: str
    period: str
    rates: list[RateLine]
    link: str = Field(description="The page of campaigns with the same days.")
