"""Contacts: listed, looked up, named; an edit can be taken back. Numbers come in bodies and leave masked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workbench.api.contacts import Contacts, contact_line, edit_contact, look_up_searched
from workbench.api.installation import Installation
from workbench.conversations.contacts import read_contact, search_contacts, undo_change
from workbench.http_api import people
from workbench.http_api.frames import begin_of, rows_of
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.routes import ApiAnswer, ApiInput, ApiPage, asks, reads, writes

router = APIRouter(tags=["contacts"])

_Labels = Annotated[
    str, Field(max_length=200, description="With commas between; empty takes them back.", examples=["vip"])
]


class ContactLine(BaseModel):
    """One contact, as people named them and as the messages show them."""

    contact: str = Field(description="The number, masked.")
    name: str | None
    labels: list[str]
    language: str | None
    time_zone: str | None
    country: str | None
    consent: str | None = Field(description="opted-out if they opted out of anything of ours, or opted-in.")
    received: int = Field(description="Messages that they sent us.")
    sent: int = Field(description="Messages that we sent them.")
    last_at: datetime | None
    same_as: str | None = Field(description="The number, masked, that this one was merged into.")


class ContactPage(ApiPage):
    """A page of contacts."""

    total: int = Field(description="In the whole list.")
    items: list[ContactLine]


class ContactDetails(ApiAnswer, ContactLine):
    """One contact."""


class ContactLookUp(ApiInput):
    """Whom to look up."""

    contact: people.Contact


class ContactEdit(ApiInput):
    """What to say about a contact; what is not given stays, an empty text takes it back."""

    contact: people.Contact
    name: Annotated[str, Field(max_length=120, examples=["Ana, front desk"])] | None = None
    labels: _Labels | None = None
    language: Annotated[str, Field(max_length=12, examples=["pt-BR"])] | None = None
    timezone: Annotated[str, Field(max_length=64, examples=["America/Chicago"])] | None = None


class ContactChanged(ApiAnswer):
    """What an edit made."""

    change_id: str | None = Field(description="Takes it back; null where nothing changed.")


class ChangeLine(BaseModel):
    """One edit, merge or import."""

    change_id: str
    happened_at: datetime
    actor: str
    contacts: int
    fields: str


class ChangeList(ApiAnswer):
    """The latest changes of contacts."""

    items: list[ChangeLine]


class ChangeUndone(ApiAnswer):
    """What was taken back."""

    fields: int = Field(description="How many are what they were before.")


@router.get("/contacts", dependencies=reads("contacts", "read contacts"))
def contacts(
    installation: Opened,
    pages: Pages,
    search: Annotated[
        str,
        Query(max_length=200, description="Part of a name or label; a number whole, or its shown digits."),
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ContactPage:
    """List contacts, the latest first; numbers are masked."""
    installation.require_log()
    number = look_up_searched(installation, search)
    with pages.page("contacts", {"search": search}, cursor) as page:
        begin = begin_of(page)
        rows, total = search_contacts(page.lake, search, begin + limit, number=number)
        end = begin + limit
        return ContactPage(
            as_of=page.as_of,
            next_cursor=page.next_cursor([end] if end < total else None),
            total=total,
            items=[ContactLine(**contact_line(contact)) for contact in rows[begin:]],
        )


@router.post("/contacts/look-up", dependencies=asks("contacts", "look up a contact", role="agent"))
def look_up_contact(installation: Opened, body: ContactLookUp) -> ContactDetails:
    """Read one contact, by number or by a conversation; a number that wrote nothing has no messages."""
    installation.require_log()
    contact = read_contact(installation.lake, people.kept_address_of(installation, body.contact))
    return ContactDetails(**contact_line(contact))


@router.post("/contacts", dependencies=writes("contacts", "edit contacts"), response_model=ContactChanged)
def edit(write: Write, body: ContactEdit) -> JSONResponse:
    """Say something about a contact: name, labels, language, time zone. A new number is a new contact."""
    given = {"name": body.name, "labels": body.labels, "language": body.language, "time_zone": body.timezone}

    def do() -> WriteAnswer:
        installation = write.installation
        if _was_made(installation, write.id):
            return _answer(ContactChanged(change_id=write.id))
        address = people.kept_address_of(installation, body.contact)
        return _answer(ContactChanged(change_id=edit_contact(installation, address, given, write.id)))

    return write.once(body, do)


@router.get("/contacts/changes", dependencies=reads("contacts", "read contacts"))
def contact_changes(installation: Opened, limit: Limit = 50) -> ChangeList:
    """List the latest edits, merges and imports, each with the id that takes it back."""
    frame = Contacts(installation).changes(limit=limit)
    return ChangeList(items=[ChangeLine(**row) for row in rows_of(frame)])


@router.post(
    "/contacts/changes/{change_id}/undo",
    dependencies=writes("contacts", "edit contacts"),
    response_model=ChangeUndone,
)
def undo_contact_change(write: Write, change_id: Annotated[str, Path(max_length=64)]) -> JSONResponse:
    """Take back an edit, a merge or an import."""

    def do() -> WriteAnswer:
        installation = write.installation
        if not _was_made(installation, write.id):
            undo_change(installation.lake, change_id, installation.actor, write.id)
        sql = "select count(*) from contact_events where change_id = ?"
        return _answer(ChangeUndone(fields=installation.lake.value(sql, [change_id])))

    return write.once(None, do)


def _was_made(installation: Installation, change_id: str | None) -> bool:
    """Whether an earlier attempt of the same request came as far as its commit."""
    return change_id is not None and bool(
        installation.lake.value("select exists(from contact_events where change_id = ?)", [change_id])
    )


def _answer(model: ApiAnswer) -> WriteAnswer:
    return WriteAnswer(200, model.model_dump(mode="json"))
