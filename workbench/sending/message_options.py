"""The options of a call that sends, as every door takes them, and the draft that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from workbench.errors import UsageError
from workbench.sending.compose import Draft, check_draft, texts_given
from workbench.sending.template_files import find_template

_OF_THE_DRAFT = ("sender", "service", "validity_seconds", "content_sid", "content_variables", "batch")


class ReplyOptions(TypedDict, total=False):
    """What an answer may say besides its text."""

    template: str | None
    """Name of a template instead of a text."""
    variables: Mapping[str, object] | None
    """Values of the blanks, by the name of the blank."""
    media: str | Sequence[str]
    """1 to 10 addresses of attachments."""
    at: datetime | str | None
    """When Twilio shall send it: by a messaging service only, 5 minutes to 35 days ahead."""
    validity_seconds: int | None
    """How long it may wait in Twilio's queue, 1 to 36000."""
    content_sid: str | None
    """Content template of WhatsApp or RCS instead of a text, HX…"""
    content_variables: Mapping[str, str] | None
    """Its variables, with blanks like a body."""
    batch: str
    """Under another name the same text may be sent again."""


class MessageOptions(ReplyOptions, total=False):
    """What a message may say besides its text, and who sends it."""

    sender: str | None
    """One of our addresses; by default as ``[sending]`` says."""
    service: str | None
    """SID of a messaging service, which then chooses the sender."""


def read_draft(
    body: str | None, options: Mapping[str, Any], *, home: Path, timezone: str, has_rows: bool = False
) -> tuple[Draft, dict[str, object]]:
    """What all messages of one call share, and the values of their blanks.

    Args:
        options: those of :class:`MessageOptions`.
        home: where the templates are.
        timezone: of a time of sending that names none.
        has_rows: a table is sent to, whose rows may bring their own text.

    Raises:
        UnknownName: there is no such template.
        UsageError: there is no such option, or what is given contradicts itself.
    """
    unknown = sorted(set(options) - set(MessageOptions.__annotations__))
    if unknown:
        allowed = ", ".join(sorted(MessageOptions.__annotations__))
        raise UsageError(f"There is no option {unknown[0]!r}; there are {allowed}.")
    name, media = options.get("template"), options.get("media", ())
    texts_given(body, name, options.get("content_sid"))
    draft = Draft(
        body=body,
        template=None if name is None else find_template(home, name),
        media=(media,) if isinstance(media, str) else tuple(media),
        send_at=_moment(options.get("at"), timezone),
        **{option: options[option] for option in _OF_THE_DRAFT if option in options},
    )
    check_draft(draft, has_rows)
    return draft, _variables(options.get("variables"))


def _moment(at: datetime | str | None, timezone: str) -> datetime | None:
    """In UTC; a time without a zone is of this one."""
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError as error:
        raise UsageError(
            f"The time is {at!r}; write it as 2026-11-30T09:00 or with a zone, -05:00."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(timezone))
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        # No clock of another place can show it.
        raise UsageError(f"The time is {at!s}; Twilio sends from 5 minutes to 35 days ahead.")
    return moment.astimezone(UTC)


_FIRST_YEAR, _LAST_YEAR = MINYEAR, MAXYEAR


def _variables(given: object) -> dict[str, object]:
    """Raises UsageError when it is no mapping of names."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(f"variables is {given!r}; give a dict, as {{'first_name': 'Ana'}}.")
    return {str(name): value for name, value in given.items()}
