"""The section `[notifications]` of workbench.toml: what people are told, unless they choose otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.settings.declare import Kind, setting
from workbench.settings.kinds import choice, flag, text, texts, whole

KINDS = ("message", "assigned", "mention")
"""A new message of a contact; a conversation given to somebody; somebody named in a private note."""
MESSAGES = ("off", "mine", "mine-and-unassigned", "all")
OUTSIDE = ("masked", "nothing")

_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
QUIET_LINE = rf"(?:{_DAY}(?:-{_DAY})? )?{_CLOCK}-(?:{_CLOCK}|24:00)"
PACE = rf"off|now|15m|1h|{_CLOCK}"


def pace() -> Kind:
    """How soon a way out tells."""
    return text('"now", "15m", "1h", a time of day as "08:00", or "off"', PACE)


def quiet_times() -> Kind:
    """When nothing is told."""
    allowed = 'a list of times, as ["22:00-07:00"] or ["Mon-Fri 18:00-08:00", "Sat-Sun 00:00-24:00"]'
    return texts(allowed, text(allowed, QUIET_LINE).parse, or_one=True)


def urgent_kinds() -> Kind:
    """Kinds that are told in quiet times too."""
    return texts(f"a list of {', '.join(KINDS)}", choice(*KINDS).parse, or_one=True)


@dataclass(frozen=True, eq=False, repr=False)
class NotificationSettings:
    """What holds for everybody who chose nothing else, and what only an admin decides."""

    enabled: bool = setting(True, flag(), "Tell people what comes in.")
    messages: str = setting(
        "mine-and-unassigned", choice(*MESSAGES), "New messages of which conversations people are told of."
    )
    assigned: bool = setting(True, flag(), "Tell somebody that a conversation was given to them.")
    mentions: bool = setting(True, flag(), "Tell somebody that a private note names them, as @ana.")
    browser: bool = setting(True, flag(), "Tell it in open pages, where the browser allows it.")
    mail: str = setting("off", pace(), "How soon it is told by mail, at once or as a digest.")
    quiet: tuple[str, ...] = setting(
        (), quiet_times(), "When nothing is told; what comes then is told as one summary afterwards.",
        example='["22:00-07:00"]',
    )  # fmt: skip
    urgent: tuple[str, ...] = setting(
        (), urgent_kinds(), "What is told in quiet times too.", example='["mention"]'
    )
    per_hour: int = setting(
        20,
        whole(1, 1000, "notices"),
        "Cap for each person by mail and apprise; the rest is told as one line.",
    )
    text_outside: bool = setting(
        False, flag(), "Let people have the texts of messages in notices outside of the pages."
    )
