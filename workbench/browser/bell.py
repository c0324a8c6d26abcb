"""The questions of the bell, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from workbench.browser.inbox_questions import Nothing, Short
from workbench.browser.schema import MaxLength


class ChooseQuestion(TypedDict):
    """One choice of the person; `workbench notifications set` has the same names."""

    name: Literal[
        "messages", "assigned", "mentions", "browser", "mail", "mail_to", "apprise", "quiet", "timezone",
        "urgent", "outside",
    ]  # fmt: skip
    value: Short | bool | list[Short]


class AddressQuestion(TypedDict):
    """An address of apprise, a secret; empty to remove it. No answer has it."""

    value: Annotated[str, MaxLength(2_000)]


BELL_QUESTIONS: Mapping[str, Any] = {
    "start": Nothing,
    "choose": ChooseQuestion,
    "address": AddressQuestion,
    "test": Nothing,
}


class BellNotice(TypedDict):
    """Something to show once; ``events`` grows while a burst goes on. ``at`` is when it came in."""

    id: str
    title: str
    text: str
    conversation: str
    events: int
    at: str


class BellNews(TypedDict):
    """Pushed as ``{"news": …}`` whenever it changes; ``unread`` counts conversations."""

    unread: int
    notices: list[BellNotice]


class BellChoices(TypedDict):
    """``has_address``: an address of apprise is kept. ``may_text``: an admin allows texts outside."""

    messages: str
    assigned: bool
    mentions: bool
    browser: bool
    mail: str
    mail_to: str
    apprise: str
    has_address: bool
    quiet: str
    timezone: str
    urgent: list[str]
    outside: str
    may_text: bool
    troubles: list[str]


class BellStartAnswer(TypedDict):
    """``now`` is the time of the server."""

    choices: BellChoices
    news: BellNews
    now: str


class BellTestAnswer(BellChoices):
    text: str


BELL_ANSWERS: Mapping[str, Any] = {
    "start": BellStartAnswer,
    "choose": BellChoices,
    "address": BellChoices,
    "test": BellTestAnswer,
}
