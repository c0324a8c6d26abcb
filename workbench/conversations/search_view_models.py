"""Makes the data that a browser gets about what a search found. Pure."""

from __future__ import annotations

from datetime import datetime

from workbench.browser.inbox_answers import HitLine, SummaryLine
from workbench.conversations.hits import Hit
from workbench.display import moments


def hit_shown(hit: Hit | None, now: datetime, timezone: str) -> SummaryLine:
    """The field `hit` of a line of the list; none where nothing is searched."""
    if hit is None:
        return {}  # type: ignore[typeddict-item]
    line: HitLine = {
        "why": hit.why,
        "text": hit.text,
        "start": hit.start,
        "end": hit.end,
        "mine": hit.is_ours,
        "at": moments.short_time(hit.at, now, timezone) if hit.at else "",
        "sid": hit.message_sid,
    }
    return {"hit": line}  # type: ignore[typeddict-item]
