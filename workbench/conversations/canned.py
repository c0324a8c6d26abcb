"""Canned replies of the inbox: templates of the home, with the blanks that the conversation cannot fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.messaging.templates import Template


@dataclass(frozen=True)
class CannedReply:
    """A template as the inbox offers it.

    Attributes:
        text: as it would be sent; as it is written where it has blanks.
        body: as it is written, to be edited.
    """

    template: str
    title: str
    shortcut: str
    text: str
    body: str
    blanks: tuple[str, ...]


@dataclass(frozen=True)
class CannedText:
    """A canned reply for one contact: its text, or the blanks that somebody has to fill first."""

    text: str
    missing: tuple[str, ...]


def canned_reply(template: Template, text: str) -> CannedReply:
    """What the inbox shows of a template, and its text as it would be sent."""
    title = template.title or template.name
    return CannedReply(template.name, title, template.shortcut, text, template.body, template.variables)


def known_values(name: str | None) -> dict[str, str]:
    """What is known of a contact by its name, for blanks: name, first_name, last_name."""
    words = (name or "").split()
    if not words:
        return {}
    last = {"last_name": words[-1]} if len(words) > 1 else {}
    return {"name": " ".join(words), "first_name": words[0], **last}


def values_for(template: Template, known: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """The values of a template's blanks: what somebody typed, else what is known."""
    values = {**known, **{name: text.strip() for name, text in typed.items() if text.strip()}}
    return {name: values[name] for name in template.variables if name in values}
