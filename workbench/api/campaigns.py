"""``wb.campaigns``: messages of one text, service or batch, and what people did after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.namespace import Namespace
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.metrics.campaigns import Campaign, CampaignList
    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where


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
    ) -> pd.DataFrame:
        """The campaigns of a period, the one with the most messages first.

        Args:
            kind: what makes a campaign: template, messaging_service or batch.
            where: as for :meth:`workbench.Workbench.metric`.

        Returns:
            One row per campaign and currency. `people` were reached at least seven days ago, and the rates of
            replies and opt-outs are of them, each with the bounds of its 95 % interval; `people_in_flight`
            were reached since. `health` (0 to 100) is the sum of its parts, `health_of_delivery` and so on,
            and missing where one of them is of fewer than 30.
        """
        from workbench.metrics.campaign_frame import campaign_frame
        from workbench.metrics.campaigns import with_texts

        campaigns = self._query(kind, where, since, until, timezone)
        return campaign_frame(with_texts(self._installation.reader, campaigns))

    def show(
        self,
        campaign: str,
        *,
        kind: str = "template",
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
    ) -> pd.DataFrame:
        """One campaign, with the columns of :meth:`list`.

        Args:
            campaign: its id, as :meth:`list` gives it.

        Raises:
            NotFound: no message of the period belongs to it.
        """
        from dataclasses import replace

        from workbench.metrics.campaign_frame import campaign_frame
        from workbench.metrics.campaigns import find_campaign, with_texts

        campaigns = self._query(kind, where, since, until, timezone)
        only = replace(campaigns, campaigns=(find_campaign(campaigns, campaign),))
        return campaign_frame(with_texts(self._installation.reader, only))

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

        from workbench.metrics.campaign_comparison import compare_campaigns

        if (second is None) == (day is None):
            raise UsageError(
                "Compare two campaigns, or one before and from a day: give a second campaign or a day, as "
                "--day 2026-09-01, and not both."
            )
        if second is not None:
            pair = [self._find(id, kind, where, since, until, timezone) for id in (first, second)]
            names = ("A", "B")
        else:
            spans = ((since, day), (day, until))
            pair = [self._find(first, kind, where, *span, timezone) for span in spans]
            names = ("Before", "After")
        rows = [
            [
                row.metric, row.sentence, row.first.rate, row.first.sample, row.second.rate,
                row.second.sample, row.is_sure,
            ]
            for row in compare_campaigns(pair[0], pair[1], names)
        ]  # fmt: skip
        columns = ["metric", "sentence", "first", "first_sample", "second", "second_sample", "is_sure"]
        return pd.DataFrame(rows, columns=columns)

    def _find(
        self,
        campaign: str,
        kind: str,
        where: Where | None,
        since: Moment,
        until: Moment,
        timezone: str | None,
    ) -> Campaign:
        from workbench.metrics.campaigns import find_campaign

        return find_campaign(self._query(kind, where, since, until, timezone), campaign)

    def _query(
        self, kind: str, where: Where | None, since: Moment, until: Moment, timezone: str | None
    ) -> CampaignList:
        from workbench.metrics.campaigns import query_campaigns

        installation = self._installation
        installation.use_own_metrics()
        installation.require_log()
        zone = installation.timezone(timezone)
        return query_campaigns(installation.reader, where, since, until, kind=kind, timezone=zone)
