"""Campaigns: messages of one text, service or batch, what people did after them, and two of them compared."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from workbench.api.campaigns import CampaignQuestion, read_campaign, read_campaigns, read_comparison
from workbench.api.rate_lines import RateLine, rate_lines
from workbench.http_api.frames import cut, rows_of
from workbench.http_api.metrics import Moment, Text, require_zone
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.routes import ApiAnswer, ApiPage, reads
from workbench.metrics.campaign_frame import campaign_frame
from workbench.metrics.filter_values import read_filter_texts

router = APIRouter(tags=["campaigns"])

Kind = Literal["template", "messaging_service", "batch"]
Id = Annotated[str, Path(max_length=200, description="Of the list.", examples=["T1cc0627ad1c8"])]


class CampaignLine(BaseModel):
    """One campaign's numbers in one currency. Rates are from 0 to 1, their bounds those of 95 %."""

    campaign: str = Field(description="Its id.")
    text: str | None = Field(description="The words of a text, or the name of a service or batch.")
    messages: int
    delivered: int
    not_delivered: int
    in_flight: int = Field(description="Messages whose outcome is still to come.")
    delivery_rate: float | None
    delivery_rate_sample: int
    segments_per_message: float | None
    currency: str | None
    spend: float | None
    cost_per_delivered: float | None
    priced_share: float | None
    reach: int = Field(description="People to whom a message was delivered.")
    people: int = Field(description="Of them, those reached at least seven days ago: the sample of rates.")
    people_in_flight: int = Field(description="Those reached since.")
    reply_rate: float | None
    reply_rate_low: float
    reply_rate_high: float
    opt_out_rate: float | None
    opt_out_rate_low: float
    opt_out_rate_high: float
    unresponsive_rate: float | None
    time_to_reply_p50: float | None = Field(description="In seconds.")
    first_replies: int = Field(description="Its sample: below 10 it says nothing.")
    health: float | None = Field(description="0 to 100, the sum of its parts; null where one is of too few.")
    health_of_delivery: float | None
    health_of_opt_out: float | None
    health_of_reply: float | None
    health_of_unresponsive: float | None


class CampaignPage(ApiPage):
    """A page of campaigns, the one with the most messages first."""

    kind: Kind
    without: int = Field(description="Outbound messages of the period that belong to none.")
    total: int = Field(description="Rows of all pages.")
    items: list[CampaignLine]


class CampaignNumbers(ApiAnswer):
    """One campaign, a row for each currency."""

    kind: Kind
    items: list[CampaignLine]


class CampaignComparison(ApiAnswer):
    """Two campaigns, or one before and from a day."""

    items: list[RateLine]


def _question(
    installation: Opened,
    kind: Annotated[Kind, Query(description="What makes a campaign.")] = "template",
    where: Annotated[
        list[Text],
        Query(max_length=30, description="`dimension=value`, as of a metric.", examples=[["country=US"]]),
    ] = [],  # noqa: B006  # FastAPI copies it
    since: Moment = None,
    until: Annotated[
        str | None, Query(max_length=40, description="The first moment that is not in it any more.")
    ] = None,
    timezone: Annotated[
        str | None, Query(max_length=64, description="Of dates; by default that of the settings.")
    ] = None,
    allow_unknown: Annotated[
        bool, Query(description="Answer also for values that no message ever had.")
    ] = False,
) -> CampaignQuestion:
    """What all routes here ask."""
    require_zone(installation, timezone)
    return CampaignQuestion(kind, read_filter_texts(where, "where"), since, until, timezone, allow_unknown)


Question = Annotated[CampaignQuestion, Depends(_question)]


@router.get("/campaigns", dependencies=reads("metrics", "read campaigns"))
def campaigns(
    installation: Opened, pages: Pages, question: Question, limit: Limit = 50, cursor: Cursor = None
) -> CampaignPage:
    """List the campaigns of a period, the one with the most messages first."""
    with pages.page("campaigns", vars(question), cursor) as page:
        listed = read_campaigns(installation, question, page.lake)
        rows = rows_of(campaign_frame(listed))
        shown, next_cursor = cut(page, rows, limit)
        return CampaignPage(
            as_of=page.as_of,
            next_cursor=next_cursor,
            kind=listed.kind,
            without=listed.without,
            total=len(rows),
            items=[CampaignLine(**row) for row in shown],
        )


@router.get("/campaigns/{campaign}", dependencies=reads("metrics", "read campaigns"))
def campaign(installation: Opened, question: Question, campaign: Id) -> CampaignNumbers:
    """One campaign of a period by its id, a row for each currency."""
    only = read_campaign(installation, question, campaign)
    rows = rows_of(campaign_frame(only))
    return CampaignNumbers(as_of=only.as_of, kind=only.kind, items=[CampaignLine(**row) for row in rows])


@router.get("/campaigns/{campaign}/comparison", dependencies=reads("metrics", "read campaigns"))
def campaign_comparison(
    installation: Opened,
    question: Question,
    campaign: Id,
    second: Annotated[str | None, Query(max_length=200, description="The other campaign.")] = None,
    day: Annotated[
        str | None,
        Query(max_length=40, description="Instead of a second one: its first moment that counts as after."),
    ] = None,
) -> CampaignComparison:
    """Compare a campaign with another one, or with itself before a day, in sentences."""
    rows = read_comparison(installation, question, campaign, second, day)
    return CampaignComparison(items=rate_lines(rows))
