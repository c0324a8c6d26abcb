"""What one person is told, how and when: the defaults of `[notifications]` and what they chose themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.errors import UsageError
from workbench.settings import Settings
from workbench.settings.declare import InvalidValue, Kind
from workbench.settings.kinds import choice, flag, text
from workbench.settings.notifications import MESSAGES, OUTSIDE, pace, quiet_times, urgent_kinds
from workbench.settings.values import timezone

WAYS = ("mail", "apprise")
"""The ways outside of the pages; each has a choice of its name, how soon it tells."""
DEFAULT = "default"
"""As a value: what the person chose no longer counts."""
TEXT = "text"
"""The value of `outside` that an admin must allow."""


@dataclass(frozen=True)
class NotificationChoice:
    """What holds for one person. `mail_since` and `apprise_since`: when they switched it on, in ISO form."""

    messages: str = "mine-and-unassigned"
    assigned: bool = True
    mentions: bool = True
    browser: bool = True
    mail: str = "off"
    mail_to: str = ""
    apprise: str = "off"
    quiet: tuple[str, ...] = ()
    timezone: str = "UTC"
    urgent: tuple[str, ...] = ()
    outside: str = "masked"
    mail_since: str = ""
    apprise_since: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone."""
        return ZoneInfo(self.timezone)

    def pace(self, way: str) -> str:
        """How soon a way tells."""
        return self.mail if way == "mail" else self.apprise

    def since(self, way: str) -> datetime | None:
        """From when on a way tells; None where it always did."""
        since = self.mail_since if way == "mail" else self.apprise_since
        return datetime.fromisoformat(since) if since else None


def choice_of(settings: Settings, person: str, chosen: Mapping[str, Any]) -> NotificationChoice:
    """What holds for a person.

    Args:
        chosen: what they chose themselves, as the lake keeps it.
    """
    defaults = settings.notifications
    values: dict[str, Any] = {
        **{name: getattr(defaults, name) for name in _FROM_SETTINGS},
        "timezone": settings.timezone,
        "mail_to": person if "@" in person else "",
        **{field.name: chosen[field.name] for field in fields(NotificationChoice) if field.name in chosen},
    }
    for name in ("quiet", "urgent"):
        values[name] = tuple(values[name])
    if values.get("outside") == TEXT and not defaults.text_outside:
        values["outside"] = "masked"
    return NotificationChoice(**values)


_FROM_SETTINGS = ("messages", "assigned", "mentions", "browser", "mail", "quiet", "urgent")
_KINDS: Mapping[str, Callable[[], Kind]] = {
    "messages": lambda: choice(*MESSAGES),
    "assigned": flag,
    "mentions": flag,
    "browser": flag,
    "mail": pace,
    "mail_to": lambda: text("a mail address, as ann@example.com", r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+"),
    "apprise": pace,
    "quiet": quiet_times,
    "timezone": timezone,
    "urgent": urgent_kinds,
    "outside": lambda: choice(*OUTSIDE, TEXT),
}
CHOICES = tuple(_KINDS)
"""What a person can choose, by name."""


def changed_choice(
    settings: Settings, person: str, chosen: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What a person chose, after these changes of it.

    Args:
        changes: new values by name; ``default`` takes a choice back, an empty list of texts is one.

    Raises:
        UsageError: a value is not possible, with what is allowed.
    """
    before, after = choice_of(settings, person, chosen), dict(chosen)
    for name, value in changes.items():
        if value == DEFAULT:
            after.pop(name, None)
        else:
            after[name] = _checked(name, value)
    if after.get("outside") == TEXT and not settings.notifications.text_outside:
        raise UsageError(
            "outside is 'text', and [notifications] text_outside is false: an admin decides whether texts of "
            "messages may leave the pages. It can be 'masked', 'nothing'."
        )
    now_chosen = choice_of(settings, person, after)
    for way in WAYS:
        if before.pace(way) == "off" and now_chosen.pace(way) != "off":
            after[f"{way}_since"] = now.isoformat()
    if now_chosen.mail != "off" and not now_chosen.mail_to:
        raise UsageError("mail needs an address: give mail_to, as ann@example.com.")
    return after


def _checked(name: str, value: Any) -> Any:
    kind = _KINDS[name]()
    try:
        parsed = kind.parse(value)
    except InvalidValue as error:
        raise UsageError(f"{name} {error}") from error
    return list(parsed) if isinstance(parsed, tuple) else parsed
