"""An error code: what it means, and how often it happened here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.display.code_words import RETRY_WORDS
from workbench.display.formats import money, plural
from workbench.errors import NothingKnown, UsageError
from workbench.messaging.error_codes import ErrorCode, explain

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.metrics.code_occurrences import CodeOccurrences


@dataclass(frozen=True)
class Explanation:
    """A code's meaning; `here` is None where no message log was ever read."""

    error: ErrorCode
    here: CodeOccurrences | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[tuple[str, str]]:
        """The explanation in words, as (label, value)."""
        error = self.error
        lines = [
            (str(error.code), error.title),
            ("meaning", error.meaning),
            ("who can mend it", error.owner),
            ("what to do", error.fix),
            ("retry", RETRY_WORDS[error.retry]),
        ]
        lines += _lines_here(self.here)
        if self.here and self.here.messages:
            lines.append(("the messages", f"/messages?error_code={error.code} on the pages"))
        return [*lines, ("Twilio", error.url)]

    def __repr__(self) -> str:
        return "\n".join(f"{name:<18}{value}" for name, value in self.lines())


def explain_code(installation: Installation, code: int | str) -> Explanation:
    """What a code means, and what the lake knows of it.

    Raises:
        UsageError: it is no error code.
    """
    explained = explain(_read_code(code))
    assert explained is not None
    try:
        installation.require_log()
        lake = installation.reader
    except NothingKnown:
        return Explanation(explained, None)
    from workbench.metrics.code_occurrences import query_code

    return Explanation(explained, query_code(lake, explained.code, datetime.now(UTC)))


def _read_code(code: int | str) -> int:
    text = str(code).strip()
    if isinstance(code, bool) or not re.fullmatch(r"[1-9]\d{3,6}", text, re.ASCII):
        raise UsageError(f"{code!r} is no error code of Twilio; write its digits, as 30007.")
    return int(text)


def _lines_here(here: CodeOccurrences | None) -> list[tuple[str, str]]:
    if here is None:
        return [("here", "nothing is known, because no message log was read yet: run `workbench sync`")]
    if not here.messages and not here.alerts:
        return [("here", f"never, as of {here.as_of:%Y-%m-%d %H:%M} UTC")]
    happened = plural(here.messages, "message")
    if here.alerts:
        happened += f" and {plural(here.alerts, 'alert')}"
    happened += f", {here.recent_messages:,} of the messages in the last 30 days"
    lines = [("here", happened)]
    if here.first_at and here.last_at:
        lines.append(("since", f"{here.first_at:%Y-%m-%d %H:%M} UTC, last {here.last_at:%Y-%m-%d %H:%M} UTC"))
    if here.messages:
        lines.append(("charged", _charged(here)))
        lines += [("senders", _groups(here.senders)), ("countries", _groups(here.countries))]
    return lines


def _charged(here: CodeOccurrences) -> str:
    amounts = " and ".join(money(amount, currency) for currency, amount in here.spend.items())
    return f"{here.charged:,} of {here.priced:,} with a known price" + (f", {amounts}" if amounts else "")


def _groups(groups: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in groups.items())
