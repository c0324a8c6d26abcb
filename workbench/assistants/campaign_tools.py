"""Tools about campaigns: which text is answered, which one drives people away, and what each costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from workbench.api.rate_lines import rate_lines
from workbench.assistants.backing import Backing, now_text, period_text
from workbench.assistants.campaign_answers import CampaignsAnswer, ComparisonAnswer
from workbench.assistants.number_tools import Limit, Offset, Since, Timezone, Until, WhereArgument
from workbench.assistants.outside_text import outside_text
from workbench.assistants.rows import cut, plain, rest_text
from workbench.display.formats import plural
from workbench.display.periods import Period

if TYPE_CHECKING:
    from workbench.api.campaigns import CampaignQuestion
    from workbench.assistants.answers import Row
    from workbench.metrics.campaigns import CampaignList

Kind = Annotated[
    Literal["template", "messaging_service", "batch"],
    Field(description="What makes a campaign: messages of one text, one messaging service or one batch."),
]
Campaign = Annotated[str, Field(description="An id of list_campaigns.")]


class CampaignTools:
    """Campaigns ranked and compared."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing

    def list_campaigns(
        self,
        kind: Kind = "template",
        where: WhereArgument = None,
        since: Since = None,
        until: Until = None,
        timezone: Timezone = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> CampaignsAnswer:
        """List texts, services or batches with delivery, replies, opt-outs, cost and health of each."""
        from workbench.api.campaigns import read_campaigns

        period, question = self._question(kind, where, since, until, timezone)
        campaigns = read_campaigns(self._backing.installation, question)
        rows = self._rows(campaigns)
        shown = cut(rows[offset : offset + limit])
        return CampaignsAnswer(
            summary=f"{plural(len(campaigns.campaigns), 'campaign')}, {period.label} ({period.timezone}); "
            f"{len(shown):,} of {plural(len(rows), 'row')} here.",
            as_of=campaigns.as_of.isoformat(timespec="seconds"), kind=kind, period=period_text(period),
            without=campaigns.without, total_rows=len(rows), truncated=offset + len(shown) < len(rows),
            rest=rest_text(len(shown), offset, len(rows)), rows=shown, link=self._link(period),
        )  # fmt: skip

    def compare_campaigns(
        self,
        first: Campaign,
        second: Annotated[str | None, Field(description="The other campaign's id; or give day.")] = None,
        day: Annotated[
            str | None, Field(description="Compare the first one before and from this day, as 2026-09-01.")
        ] = None,
        kind: Kind = "template",
        where: WhereArgument = None,
        since: Since = None,
        until: Until = None,
        timezone: Timezone = None,
    ) -> ComparisonAnswer:
        """Compare two campaigns, or one before and from a day: what differs by more than chance."""
        from workbench.api.campaigns import read_comparison

        period, question = self._question(kind, where, since, until, timezone)
        compared = read_comparison(self._backing.installation, question, first, second or None, day or None)
        rates = rate_lines(compared)
        return ComparisonAnswer(
            summary=" ".join(rate.sentence for rate in rates), as_of=now_text(), kind=kind,
            period=period_text(period), rates=rates, link=self._link(period),
        )  # fmt: skip

    def _question(
        self, kind: str, where: WhereArgument, since: str | None, until: str | None, timezone: str | None
    ) -> tuple[Period, CampaignQuestion]:
        from workbench.api.campaigns import CampaignQuestion

        period = self._backing.period(since, until, self._backing.installation.timezone(timezone))
        filters = self._backing.filters(where)
        return period, CampaignQuestion(kind, filters, period.since, period.end, period.timezone)

    def _rows(self, campaigns: CampaignList) -> list[Row]:
        from workbench.metrics.campaign_frame import campaign_frame
        from workbench.metrics.campaigns import FEWEST_PEOPLE

        rows = []
        for record in campaign_frame(campaigns).to_dict("records"):
            row = {str(name): plain(value) for name, value in record.items()}
            row["untrusted_text"] = outside_text(row.pop("text"))
            if row["people"] < FEWEST_PEOPLE:
                row["too_few"] = True
            rows.append(row)
        return rows

    def _link(self, period: Period) -> str:
        return self._backing.link("campaigns", period.since, period.until)
