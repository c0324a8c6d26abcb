"""One look: what is new in the feed, and what is due outside of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.display.formats import plural
from workbench.lake.connect import Lake
from workbench.notifications.consume import take_news
from workbench.notifications.deliver import tell
from workbench.settings import Settings


@dataclass(frozen=True)
class NotificationRun:
    """What one look did: notifications that are new or longer, and notices that were told or tried.

    `next_at` is when something is due although nothing happens.
    """

    noted: int
    told: int
    next_at: datetime | None = None

    def __str__(self) -> str:
        return f"{plural(self.noted, 'notification')} noted, {plural(self.told, 'notice')} told outside"


def look(lake: Lake, settings: Settings, now: datetime) -> NotificationRun:
    """Look once; whoever calls it has brought the feed up to date before.

    Raises:
        ConfigError: the file of users or of addresses is damaged.
        LakeError: the lake cannot be read or written now.
    """
    if not settings.notifications.enabled:
        return NotificationRun(0, 0)
    noted = take_news(lake, settings, now)
    told, next_at = tell(lake, settings, now)
    return NotificationRun(noted, told, next_at)


def run(lake: Lake, settings: Settings, now: datetime) -> datetime | None:
    """One look as a consumer of the feed; when to look again even if nothing happens."""
    return look(lake, settings, now).next_at
