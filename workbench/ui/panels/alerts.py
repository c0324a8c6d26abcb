"""Open alerts on the page where they belong, and those of a period for the charts."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from workbench.display import moments
from workbench.findings.finding import Finding
from workbench.lake.alerts import AlertEvent, read_events_between, read_open_events
from workbench.ui.navigation import discover_pages
from workbench.ui.page_data import PageData

_ALL = ("overview", "health")
"""Pages that show every open alert; others show their own."""


def open_alerts(data: PageData) -> list[Finding]:
    """A sentence for each open alert of the page, the critical ones first, with the view that shows it."""
    events = data.store.ask("open alerts", read_open_events, data.snapshot)
    return [_finding(event, data) for event in events if data.page in _ALL or event.page == data.page]


def alerts_of_charts(data: PageData, metric: str) -> Sequence[AlertEvent]:
    """Alerts of the page's period that are about its subject, or about this metric."""
    period = data.period
    events = data.store.ask(
        f"alerts {period.begins_at} {period.ends_at}",
        lambda lake: read_events_between(lake, period.begins_at, period.ends_at),
        data.snapshot,
    )
    return [event for event in events if event.page == data.page or event.metric == metric]


def _finding(event: AlertEvent, data: PageData) -> Finding:
    parts = urlsplit(event.link)
    titles = {info.name: info.title for info in discover_pages()}
    is_here = parts.path == data.page
    cause = f" Likely cause: {event.cause}" if event.cause else ""
    since = moments.moment(event.began_at, data.period.timezone)
    return Finding(
        "bad" if event.severity == "critical" else "neutral",
        event.title,
        f"Since {since}. {event.evidence}{cause}".replace("`", ""),
        parts.path,
        ("Show it" if parts.query else "") if is_here else titles.get(parts.path, "Show it"),
        dict(parse_qsl(parts.query)),
    )
