"""From what somebody typed, or a row of a table, to a message; what cannot be put together says why. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workbench.errors import UsageError
from workbench.messaging.addresses import normalize_address
from workbench.messaging.templates import Template, render, render_text
from workbench.sending.outgoing import DEFAULT_BATCH, Outgoing
from workbench.sending.settings import SendingSettings


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


def check_draft(draft: Draft) -> None:
    """Raises UsageError when the call itself is contradictory, whoever the recipient is."""
    given = [name for name in ("body", "template", "content_sid") if getattr(draft, name) is not None]
    if len(given) > 1:
        raise UsageError(f"Give one of {' and '.join(given)}: a message has one text.")
    if not given and not draft.media:
        raise UsageError("There is nothing to send: give a body, a template, a content_sid or media.")
    if not draft.batch.strip():
        raise UsageError("The batch needs a name: it tells the same message from a new one.")


def compose(draft: Draft, to: object, values: Mapping[str, object], settings: SendingSettings) -> Outgoing:
    """The message to one recipient.

    Args:
        values: what goes into the blanks of the template, or of a content template's variables.
    """
    sender, service = draft.sender, draft.service
    if sender is None and service is None:
        sender, service = settings.sender, settings.service
    outgoing = Outgoing(
        to=_address(to, settings.default_country),
        body=draft.body or "",
        sender=sender,
        service=service,
        media=draft.media,
        send_at=draft.send_at,
        validity_seconds=draft.validity_seconds,
        content_sid=draft.content_sid,
        content_variables=_as_json(draft.content_variables),
        batch=draft.batch,
    )
    return outgoing if draft.template is None else _filled(outgoing, draft.template, values, settings)


def compose_rows(
    draft: Draft, rows: Sequence[Mapping[str, object]], settings: SendingSettings
) -> list[Outgoing]:
    """One message per row; `to` is the recipient, `body` a text of its own, all columns fill blanks.

    Raises:
        UsageError: a row has no column `to`.
    """
    messages = []
    for row in rows:
        if "to" not in row:
            raise UsageError(f"The table has no column 'to'; it has {', '.join(map(str, row)) or 'none'}.")
        own = draft
        if draft.body is None and draft.template is None and draft.content_sid is None:
            own = replace(draft, body=str(row.get("body") or ""))
        messages.append(compose(own, row["to"], row, settings))
    return messages


def _filled(
    outgoing: Outgoing, template: Template, values: Mapping[str, object], settings: SendingSettings
) -> Outgoing:
    try:
        if template.content_sid is not None:
            filled = {
                name: render_text(text, values, template.name)
                for name, text in template.content_variables.items()
            }
            return replace(
                outgoing, content_sid=template.content_sid, content_variables=_as_json(filled or None)
            )
        body = render(
            template, values, business_name=settings.business_name, opt_out_line=settings.opt_out_line
        )
        return replace(outgoing, body=body)
    except UsageError as error:
        return replace(outgoing, problem=str(error))


def _as_json(variables: Mapping[str, str] | None) -> str | None:
    return None if variables is None else json.dumps(dict(variables), ensure_ascii=False, sort_keys=True)


def _address(to: object, default_country: str | None) -> str:
    """As Twilio writes it; what is no address stays as it is, and the rules say so."""
    text = str(to).strip() if to is not None and to == to else ""
    try:
        return normalize_address(text, default_country)
    except UsageError:
        return text
