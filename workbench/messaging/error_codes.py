"""What an error code means, who can fix it, and what to do next, in sentences for the people who send.

Codes, titles and sentences are data, in ``error_codes.toml``. Twilio adds codes without notice, so an unknown
code gets an answer too: a link to Twilio's own page about it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

Owner = Literal["you", "your registration", "recipient", "carrier", "twilio", "unknown"]
Retry = Literal["never", "no", "later", "limited"]


@dataclass(frozen=True)
class ErrorCode:
    """One error code, explained."""

    code: int
    title: str
    """Twilio's title. The message in a response is often more exact: show that one first."""
    meaning: str
    """One sentence."""
    owner: Owner
    """Who can fix it; ``unknown`` only for codes that are not in our data."""
    fix: str
    """One sentence: what to do."""
    retry: Retry
    """Whether to send again: never (forbidden), no (first change something), later, or once or twice."""
    url: str
    """Twilio's page about the code."""


def explain(code: int | None) -> ErrorCode | None:
    """What an error code means; None for no code. An unknown code is explained by a link to Twilio's page."""
    return None if code is None else _explain_code(code)


def known_codes() -> tuple[int, ...]:
    """Every code that has a title here."""
    return tuple(map(int, _load()["titles"]))


@lru_cache(maxsize=4096)
def _explain_code(code: int) -> ErrorCode:
    data = _load()
    url = f"https://www.twilio.com/docs/api/errors/{code}"
    title = data["titles"].get(str(code))
    if title is None:
        return ErrorCode(
            code,
            f"code {code}",
            f"code {code}, see {url}",
            "unknown",
            f"Read what Twilio says at {url}.",
            "no",
            url,
        )
    sentences = data["explanations"].get(str(code)) or _family(data, code)
    return ErrorCode(code=code, title=title, url=url, **sentences)


def _family(data: dict[str, Any], code: int) -> dict[str, str]:
    """The sentences for a code that has none of its own: those of its range. The ranges cover every title."""
    family = next(family for family in data["families"] if family["first"] <= code <= family["last"])
    return {key: family[key] for key in ("meaning", "owner", "fix", "retry")}


@cache
def _load() -> dict[str, Any]:
    """The data file; read once, on first use."""
    return tomllib.loads(
        resources.files(__package__).joinpath("error_codes.toml").read_text(encoding="utf-8")
    )
