"""``wb.compliance``: what should not have been sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.frames import mask_contacts
from workbench.api.namespace import Namespace

if TYPE_CHECKING:
    import pandas as pd

    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where


class Compliance(Namespace):
    """What should not have been sent: every audit with its count, and the rows of one."""

    def counts(
        self,
        *,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
        engine: str = "duckdb",
    ) -> pd.DataFrame:
        """Every audit with its number: audit, headline, metric, value, must_be_zero.

        Args:
            since, until: first moment in, and first one not in any more; dates are in `timezone`.
            timezone: of dates in this call, as Europe/Berlin; by default that of the settings.
            engine: what counts, as in :meth:`workbench.Workbench.metric`.
        """
        import pandas as pd

        from workbench.metrics import query_metric
        from workbench.metrics.audits import AUDITS

        installation = self._installation
        installation.require_log()
        timezone = installation.timezone(timezone)
        installation.prepare_audits()
        lake = installation.reader_of(engine)
        rows = []
        for audit in AUDITS.values():
            result = query_metric(lake, audit.metric, since=since, until=until, timezone=timezone)
            value = int(result.frame[audit.metric].iloc[0])
            rows.append((audit.name, audit.headline, audit.metric, value, audit.must_be_zero))
        return pd.DataFrame(rows, columns=["audit", "headline", "metric", "value", "must_be_zero"])

    def rows(
        self,
        audit: str,
        *,
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str | None = None,
        limit: int | None = None,
        engine: str = "duckdb",
    ) -> pd.DataFrame:
        """The rows of one audit, those its metric counts; contacts masked.

        Args:
            audit: its name, as :meth:`counts` gives them: quiet-hours, without-consent …
            where: dimension → value or values, as of :meth:`workbench.Workbench.metric`.
            since, until: first moment in, and first one not in any more; dates are in `timezone`.
            timezone: of dates in this call, as Europe/Berlin; by default that of the settings.
            limit: at most this many; None is all.
            engine: what finds them, as in :meth:`workbench.Workbench.metric`.

        Raises:
            UnknownName: there is no such audit; the message names the nearest.
        """
        from workbench.metrics.audits import find_audit
        from workbench.metrics.run import query_audit
        from workbench.metrics.sender_names import add_sender_names

        find_audit(audit)
        installation = self._installation
        installation.require_log()
        installation.use_own_metrics()
        timezone = installation.timezone(timezone)
        installation.prepare_audits()
        lake = installation.reader
        finding = installation.reader_of(engine)
        rows = query_audit(finding, audit, where, since, until, limit=limit, timezone=timezone)
        return add_sender_names(mask_contacts(rows), lake, installation.settings)
