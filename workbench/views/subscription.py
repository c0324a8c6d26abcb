"""A saved view that is mailed each day, week or month: what it is, when it is due, its form as a file. Pure.

    view = "undelivered-by-country"
    every = "week"
    to = ["ann@example.com"]
    owner = "user:ana"
    since = 2026-11-29

It is due once for each day, week (from Monday) or month that begins after `since`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from workbench.errors import ConfigError, UsageError
from workbench.views.toml_text import quoted, read_toml_text

EVERY = ("day", "week", "month")
MOST_ADDRESSES = 20
_HEAD = "# Mails a saved view. `workbench views subscriptions` lists these; change it here or on the page.\n"
_KNOWN = {"view": str, "every": str, "to": list, "owner": str, "since": date}


@dataclass(frozen=True)
class Subscription:
    """A view that is mailed. `name` is the file's; `owner` is who made it, as the audit trail names them."""

    name: str
    view: str
    every: str
    to: tuple[str, ...]
    owner: str
    since: date

    @property
    def owner_name(self) -> str:
        """The owner as saved views name theirs."""
        return self.owner.partition(":")[2]

    def due_day(self, today: date) -> date | None:
        """The first day of the period whose mail is due; None before the first one begins."""
        starts = {
            "day": today,
            "week": today - timedelta(days=today.weekday()),
            "month": today.replace(day=1),
        }
        start = starts[self.every]
        return start if start > self.since else None


def checked_every(every: str) -> str:
    """How often, as a person typed it.

    Raises:
        UsageError: it is no word that there is.
    """
    if every not in EVERY:
        raise UsageError(f"every is {every!r}; allowed are {', '.join(EVERY)}.")
    return every


def checked_addresses(given: Sequence[str]) -> tuple[str, ...]:
    """Mail addresses that a person typed, each once.

    Raises:
        UsageError: there is none, there are too many, or one is malformed.
    """
    addresses = tuple(
        dict.fromkeys(text.strip() for item in given for text in item.split(",") if text.strip())
    )
    if not 1 <= len(addresses) <= MOST_ADDRESSES:
        raise UsageError(
            f"There are {len(addresses)} addresses; give 1 to {MOST_ADDRESSES}, as ann@example.com."
        )
    for address in addresses:
        name, _, domain = address.rpartition("@")
        is_clean = address.isprintable() and not any(char.isspace() or char in '<>,;"' for char in address)
        if not name or "." not in domain or not is_clean:
            raise UsageError(f"{address!r} is not a mail address; write it as ann@example.com.")
    return addresses


def subscription_text(subscription: Subscription) -> str:
    """The subscription as the text of its file."""
    texts = {"view": subscription.view, "every": subscription.every, "owner": subscription.owner}
    lines = [f"{name} = {quoted(text)}" for name, text in texts.items()]
    addresses = ", ".join(map(quoted, subscription.to))
    return (
        _HEAD + "\n".join([*lines, f"to = [{addresses}]", f"since = {subscription.since.isoformat()}"]) + "\n"
    )


def read_subscription_text(name: str, text: str, shown: str) -> Subscription:
    """The subscription in the text of a file.

    Raises:
        ConfigError: it is none; says what is wrong and where.
    """
    entries = read_toml_text(text, shown)
    unknown = [key for key in entries if key not in _KNOWN]
    if unknown:
        raise ConfigError(f"{shown} has {unknown[0]!r}; known are {', '.join(_KNOWN)}.")
    for key, kind in _KNOWN.items():
        if not isinstance(entries.get(key), kind) or isinstance(entries[key], datetime):
            words = {str: "a text", list: 'a list, as ["ann@example.com"]', date: "a day, as 2026-11-29"}[
                kind
            ]
            raise ConfigError(f"{shown}: {key} is {entries.get(key)!r}; it must be {words}.")
    try:
        to = checked_addresses([str(address) for address in entries["to"]])
        every = checked_every(entries["every"])
    except UsageError as error:
        raise ConfigError(f"{shown}: {error}") from error
    return Subscription(name, entries["view"], every, to, entries["owner"], entries["since"])
