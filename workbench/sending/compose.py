"""From what somebody typed, or a row of a table, to a message; what cannot be put together says why. Pure.

Every door (commands, notebook, composer, inbox) comes through here, so a blank is filled or blocks in all of
them alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workbench.errors import UsageError
from workbench.messaging.address_reader import address_text, normalize_address
from workbench.messaging.blanks import fill_blanks, fill_typed
from workbench.messaging.lookalikes import lookalikes
from workbench.messaging.templates import Template, render
from workbench.messaging.written import as_text, is_missing
from workbench.sending.outgoing import DEFAULT_BATCH, Outgoing
from workbench.settings import SendingSettings


@dataclass(frozen=True)
class Draft:
    """What all messages of one call share; the fields are those of `Outgoing`."""

    body: str | None = None
    template: Template | None = None
    sender: str | None = None
    service: str | None = None
    media: tuple[str, ...] = ()
    send_at: datetime | None = None
    validity_seconds: int | None = None
    content_sid: str | None = None
    content_variables: Mapping[str, str] | None = None
    batch: str = DEFAULT_BATCH
    fills_blanks: bool = True
    """False for what a person typed into a conversation and sees as it goes out: a blank in it blocks."""

    @property
    def takes_row_text(self) -> bool:
        """Whether the text of each message is the column `body` of its row."""
        return self.body is None and self.template is None and self.content_sid is None


def texts_given(body: object, template: object, content_sid: object) -> list[str]:
    """The names of those that are given: one at most, or UsageError."""
    texts = {"body": body, "template": template, "content_sid": content_sid}
    given = [name for name, value in texts.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"Give one of {' and '.join(given)}: a message has one text.")
    return given


def check_draft(draft: Draft, has_rows: bool = False) -> None:
    """Raises UsageError when the call itself is contradictory, whoever the recipient is.

    Args:
        has_rows: a table is sent to, whose rows may bring their own text.
    """
    given = texts_given(draft.body, draft.template, draft.content_sid)
    if draft.body is not None and not isinstance(draft.body, str):
        raise UsageError(f"The body is {draft.body!r}, a {type(draft.body).__name__}; give a text.")
    if draft.content_variables is not None and draft.content_sid is None:
        raise UsageError(
            "content_variables (--content-var) have no effect without content_sid (--content-sid); leave "
            "them out, or fill the blanks of a text or template with variables (--var)."
        )
    if not given and not draft.media and not has_rows:
        raise UsageError("There is nothing to send: give a body, a template, a content_sid or media.")
    if not draft.batch.strip():
        raise UsageError("The batch needs a name: it tells the same message from a new one.")


def compose(draft: Draft, to: object, values: Mapping[str, object], settings: SendingSettings) -> Outgoing:
    """The message to one recipient; where a blank cannot be filled, its `problem` says so and it has no text.

    Args:
        values: what goes into the blanks of the body, the template, or a content template's variables.
    """
    sender, service = draft.sender, draft.service
    if sender is None and service is None:
        sender, service = settings.sender, settings.service
    outgoing = Outgoing(
        to=_address(to, settings.default_country),
        sender=sender,
        service=service,
        media=draft.media,
        send_at=draft.send_at,
        validity_seconds=draft.validity_seconds,
        content_sid=draft.content_sid,
        batch=draft.batch,
    )
    if not draft.fills_blanks:
        values = {}
    try:
        filled = _filled(outgoing, draft, values, settings)
    except UsageError as error:
        return replace(outgoing, problem=str(error))
    return replace(filled, doubt=_doubt(draft, values))


def compose_rows(
    draft: Draft,
    rows: Sequence[Mapping[str, object]],
    settings: SendingSettings,
    variables: Mapping[str, object] | None = None,
) -> list[Outgoing]:
    """One message per row; `to` is the recipient, `body` a text of its own, all columns fill blanks.

    Args:
        variables: what fills blanks for which a row has no column.

    Raises:
        UsageError: a row has no column `to`.
    """
    messages = []
    for row in rows:
        if "to" not in row:
            raise UsageError(f"The table has no column 'to'; it has {', '.join(map(str, row)) or 'none'}.")
        own = replace(draft, body=row_text(row)) if draft.takes_row_text else draft
        messages.append(compose(own, row["to"], {**(variables or {}), **row}, settings))
    return messages


def row_text(row: Mapping[str, object]) -> str:
    """The text that a row brings; empty when there is none.

    Raises:
        UsageError: its `body` is no text.
    """
    body = row.get("body")
    try:
        return "" if is_missing(body) else as_text(body)
    except ValueError as error:
        raise UsageError(f"The column body of a row is {body!r}; it must be a text.") from error


def _filled(
    outgoing: Outgoing, draft: Draft, values: Mapping[str, object], settings: SendingSettings
) -> Outgoing:
    template = draft.template
    if template is None:
        variables = draft.content_variables and {
            name: fill_typed(text, values) if isinstance(text, str) else text
            for name, text in draft.content_variables.items()
        }
        body = fill_typed(draft.body or "", values)
        return replace(outgoing, body=body, content_variables=_as_json(variables))
    if template.content_sid is not None:
        filled = {
            name: fill_blanks(text, values, template.label)
            for name, text in template.content_variables.items()
        }
        return replace(outgoing, content_sid=template.content_sid, content_variables=_as_json(filled or None))
    body = render(template, values, business_name=settings.business_name, opt_out_line=settings.opt_out_line)
    return replace(outgoing, body=body)


def draft_texts(draft: Draft, rows: Sequence[Mapping[str, object]] = ()) -> list[str]:
    """Every text whose blanks are filled for a call."""
    template = draft.template or Template(
        "", draft.body or "", content_variables=draft.content_variables or {}
    )
    own = [row_text(row) for row in rows] if draft.takes_row_text else []
    return [
        text for text in (template.body, *template.content_variables.values(), *own) if isinstance(text, str)
    ]


def _doubt(draft: Draft, values: Mapping[str, object]) -> str | None:
    looks = [look for text in draft_texts(draft) for look in lookalikes(text, values)]
    if not looks:
        return None
    return (
        f"The text is sent with {', '.join(looks)} in it as it stands. If that is to be filled, write a "
        "blank as {{ first_name }}."
    )


def _as_json(variables: Mapping[str, str] | None) -> str | None:
    return None if variables is None else json.dumps(dict(variables), ensure_ascii=False, sort_keys=True)


def _address(to: object, default_country: str | None) -> str:
    """As Twilio writes it; what is no address stays as it is, and the rules say so."""
    text = address_text(to).strip()
    try:
        return normalize_address(text, default_country)
    except UsageError:
        return text
