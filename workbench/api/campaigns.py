"""``wb.campaigns``: messages of one text, service or batch, and what people did after them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.lake.connect import Readable
    from workbench.metrics.campaign_comparison import RateComparison
    from workbench.metrics.campaigns import CampaignList
    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where


@dataclass(frozen=True)
class CampaignQuestion:
    """Which campaigns are asked for; fields as the arguments of :meth:`CampaignCalls.list`."""

    kind: str = "template"
    where: Where | None = None
    since: Moment = None
    until: Moment = None
    timezone: str | None = None
    allow_unknown: bool = False


def read_campaigns(
    installation: Installation, question: CampaignQuestion, lake: Readable | None = None
) -> CampaignList:
    """The campaigns that a question asks for, with their texts or names.

    Args:
        lake: the version that answers; by default the lake as it is now.

    Raises:
        UnknownName: the kind, a dimension or a value does not exist.
        UsageError: a moment is no date, or since is not before until.
    """
    from workbench.metrics.campaigns import query_campaigns, with_texts
    from workbench.metrics.filter_values import read_filters
    from workbench.metrics.known_values import require_known

    installation.use_own_metrics()
    zone, filters = installation.timezone(question.timezone), read_filters(question.where)
    installation.require_log()
    lake = lake or installation.reader
    if not question.allow_unknown:
        require_known(lake, filters)
    campaigns = query_campaigns(
        lake, filters, question.since, question.until, kind=question.kind, timezone=zone
    )
    return with_texts(lake, campaigns)


def read_campaign(
    installation: Installation, question: CampaignQuestion, campaign: str, lake: Readable | None = None
) -> CampaignList:
    """The same with only one campaign, by its id.

    Raises:
        NotFound: no message of the period belongs to it.
    """
    from workbench.metrics.campaigns import find_campaign

    campaigns = read_campaigns(installation, question, lake)
    return replace(campaigns, campaigns=(find_campaign(campaigns, campaign),))


def read_comparison(
    installation: Installation,
    question: CampaignQuestion,
    first: str,
    second: str | None,
    day: Moment,
    lake: Readable | None = None,
) -> list[RateComparison]:
    """Two campaigns, or one before and from a day; arguments and errors as :meth:`CampaignCalls.compare`."""
    from workbench.metrics.campaign_comparison import compare_campaigns

    if (second is None) == (day is None):
        raise UsageError(
            "Compare two campaigns, or one before and from a day: give a second campaign or a day (as "
            "2026-09-01), and not both."
        )
    if second is not None:
        names, sides = ("A", "B"), ((first, question), (second, question))
    else:
        names = ("Before", "After")
        sides = ((first, replace(question, until=day)), (first, replace(question, since=day)))
    before, after = (read_campaign(installation, asked, id, lake).campaigns[0] for id, asked in sides)
    return compare_campaigns(before, after, names)


class CampaignCalls(Namespace):
    """Messages of one text, service or batch, and what people did in the seven days after them."""

    _word = "campaigns"

    def list(
        self,
        *,
        kind: str = "template",
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
        allow_unknown: bool = False,
    ) -> pd.DataFrame:
        """The campaigns of a period, the one with the most messages first.

        Args:
            kind: what makes a campaign: template, messaging_service or batch.
            where, since, until, timezone, allow_unknown: as for :meth:`workbench.Workbench.metric`.

        Returns:
            One row per campaign and currency. `people` were reached at least seven days ago, and the rates of
            replies and opt-outs are of them, each with the bounds of its 95 % interval; `people_in_flight`
            were reached since. `health` (0 to 100) is the sum of its parts, `health_of_delivery` and so on,
            and missing where one of them is of fewer than 30.
        """
        from workbench.metrics.campaign_frame import campaign_frame

        question = CampaignQuestion(kind, where, since, until, timezone, allow_unknown)
        return campaign_frame(read_campaigns(self._installation, question))

    def show(
        self,
        campaign: str,
        *,
        kind: str = "template",
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
        allow_unknown: bool = False,
    ) -> pd.DataFrame:
        """One campaign, with the columns of :meth:`list`.

        Args:
            campaign: its id, as :meth:`list` gives it.

        Raises:
            NotFound: no message of the period belongs to it.
        """
        from workbench.metrics.campaign_frame import campaign_frame

        question = CampaignQuestion(kind, where, since, until, timezone, allow_unknown)
        return campaign_frame(read_campaign(self._installation, question, campaign))

    def compare(
        self,
        first: str,
        second: str | None = None,
        *,
        day: Moment = None,
        kind: str = "template",
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
        allow_unknown: bool = False,
    ) -> pd.DataFrame:
        """Two campaigns, or one before and from a day, and whether their difference may be chance.

        Args:
            second: the other campaign; without it ``day`` parts the period of the first.
            day: the first moment that counts as after.

        Returns:
            Columns: metric, sentence, first, first_sample, second, second_sample, is_sure.

        Raises:
            UsageError: neither or both of ``second`` and ``day`` are given.
            NotFound: no message of the period belongs to one of them.
        """
        import pandas as pd

        question = CampaignQuestion(kind, where, since, until, timezone, allow_unknown)
        rows = [
            [
                row.metric, row.sentence, row.first.rate, row.first.sample, row.second.rate,
                row.second.sample, row.is_sure,
            ]
            for row in read_comparison(self._installation, question, first, second, day)
        ]  # fmt: skip
        columns = ["metric", "sentence", "first", "first_sample", "second", "second_sample", "is_sure"]
        return pd.DataFrame(rows, columns=columns)
