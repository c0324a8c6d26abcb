"""An error code in words: the same on pages, in the inbox, in notebooks and on the command line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from workbench.display.formats import plural
from workbench.messaging.error_codes import ErrorCode

RETRY_WORDS = {
    "never": "Never send it again: it is not allowed.",
    "no": "Not before something has changed.",
    "later": "Later is worth a try.",
    "limited": "Once or twice, after a pause.",
}
_OWNERS = {"you": "You", "your registration": "You, through the sender's registration", "twilio": "Twilio"}


@dataclass(frozen=True)
class CodeHistory:
    """How often a code happened here, over the whole lake; days of the time zone of the page."""

    messages: int
    recent: int
    first: date
    last: date
    paid: str = ""
    """What was paid for these messages, in words; empty where nothing is known."""


def code_facts(error: ErrorCode) -> list[list[str]]:
    """What a code means and what to do, as pairs of term and text."""
    return [
        ["What it means", error.meaning],
        ["Who can fix it", _OWNERS.get(error.owner, error.owner.capitalize())],
        ["What to do", error.fix],
        ["Send again", RETRY_WORDS[error.retry]],
    ]


def history_facts(history: CodeHistory) -> list[list[str]]:
    """How often it happened here, as pairs of term and text."""
    recent = f"{history.recent:,} of them in the last 30 days"
    return [
        ["Here", f"{plural(history.messages, 'message')}, {recent}"],
        ["Since", f"{history.first:%-d %b %Y}, last on {history.last:%-d %b %Y}"],
        ["Charged", history.paid or "Nothing, as far as prices are known."],
    ]


def shown_code(error: ErrorCode, history: CodeHistory | None = None) -> dict[str, Any]:
    """What the browser shows of a code (``CodeExplanation`` of the contract)."""
    query = {"error_code": str(error.code)}
    if history:
        query |= {"period": "custom", "since": history.first.isoformat()}
    return {
        "code": str(error.code),
        "title": error.title,
        "facts": code_facts(error) + (history_facts(history) if history else []),
        "rows": f"messages?{urlencode(query)}",
        "url": error.url,
    }


def explain_hint(code: int | None) -> str:
    """The command that says more, to put behind an error; empty without a code."""
    return "" if code is None else f"`workbench explain {code}` says what to do."
