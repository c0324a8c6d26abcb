"""Consent: who may be messaged, what they said and when, and what a program writes down of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from workbench.api.consent import Consent, blocked_frame, record_here
from workbench.api.installation import Installation
from workbench.api.records import note_export
from workbench.compliance.records import as_html, as_json, is_empty, read_standings
from workbench.http_api import people
from workbench.http_api.frames import cut, rows_of
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.routes import ApiAnswer, ApiInput, ApiPage, asks, reads, writes
from workbench.messaging.addresses import mask

router = APIRouter(tags=["consent"])

Kind = Literal["opt-in", "opt-out"]
_MOST_AT_ONCE = 100
_WAY = "HTTP interface"


def _text_only(value: Any) -> Any:
    """A number would be read as seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("Give a moment as 2026-03-01T09:30:00Z")
    return value


_Scope = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="`*` for everything, one of our senders, a messaging service `MG…`, or `topic:NAME`.",
        examples=["*"],
    ),
]


class BlockedLine(BaseModel):
    """One scope in which somebody must not be messaged."""

    contact: str = Field(description="The number, masked.")
    scope: str
    source: str
    since: datetime


class BlockedPage(ApiPage):
    """A page of those who must not be messaged."""

    total: int
    items: list[BlockedLine]


class ScopeState(BaseModel):
    """What holds in one scope."""

    scope: str
    state: Kind
    source: str
    since: datetime
    actor: str | None


class Block(BaseModel):
    """An opt-out that holds."""

    scope: str
    source: str
    since: datetime


class ConsentEventLine(BaseModel):
    """One thing that was said, with its evidence."""

    scope: str
    kind: str
    source: str
    happened_at: datetime
    evidence: str | None
    wording_version: str | None
    message_sid: str | None
    actor: str | None
    said_to: str | None
    recorded_at: datetime


class Checked(BaseModel):
    """The consent of one contact."""

    contact: str = Field(description="The number, masked.")
    is_blocked: bool = Field(description="Whether an opt-out holds in any scope; see must_not_be_messaged.")
    must_not_be_messaged: list[Block]
    state: list[ScopeState] = Field(description="What they said last, by scope; empty: nothing on record.")


class CheckList(ApiAnswer):
    """The consent of each contact, in the order of the question."""

    items: list[Checked]


class ConsentHistory(ApiAnswer, Checked):
    """The consent of one contact, with every event."""

    events: list[ConsentEventLine]


class Asked(ApiInput):
    """Whose consent."""

    contact: people.Contact


class AskedMany(ApiInput):
    """Whose consent; up to 100 at once."""

    contacts: list[people.Contact] = Field(min_length=1, max_length=_MOST_AT_ONCE)


class ProofAsked(ApiInput):
    """Whose proof, and as which file."""

    contact: people.Contact
    format: Literal["html", "json"] = "html"


class ConsentInput(ApiInput):
    """What somebody said about being messaged, and where that is written down."""

    contact: people.Contact
    kind: Kind
    scope: _Scope
    source: Annotated[
        str, Field(min_length=1, max_length=200, description="Where they said it.", examples=["web form"])
    ]
    date: Annotated[
        AwareDatetime,
        BeforeValidator(_text_only, json_schema_input_type=AwareDatetime),
        Field(description="When they said it, with a zone.", examples=["2026-03-01T09:30:00Z"]),
    ]
    evidence: (
        Annotated[
            str,
            Field(
                max_length=2000, description="What proves it.", examples=["form 12, box ticked, 203.0.113.9"]
            ),
        ]
        | None
    ) = None
    wording_version: (
        Annotated[
            str, Field(max_length=200, description="Which text they agreed to.", examples=["terms 2026-01"])
        ]
        | None
    ) = None


class ConsentAdded(ApiAnswer):
    """What is on record now."""

    contact: str = Field(description="The number, masked.")
    kind: Kind
    scope: str
    happened_at: datetime
    is_new: bool = Field(description="False where the same was on record already.")


@router.get("/consent/blocked", dependencies=reads("consent", "read consent"))
def blocked(installation: Opened, pages: Pages, limit: Limit = 50, cursor: Cursor = None) -> BlockedPage:
    """List everybody who must not be messaged, by what scope and why; numbers masked."""
    with pages.page("blocked", {}, cursor) as page:
        rows = rows_of(blocked_frame(installation, page.lake))
        items, next_cursor = cut(page, rows, limit)
        return BlockedPage(
            as_of=page.as_of,
            next_cursor=next_cursor,
            total=len(rows),
            items=[BlockedLine(**row) for row in items],
        )


@router.post("/consent/check", dependencies=asks("consent", "check consent", role="agent"))
def check(installation: Opened, body: AskedMany) -> CheckList:
    """Ask whether contacts may be messaged: what they said last, and which opt-outs hold."""
    subjects = installation.data_subjects([people.address_of(installation, each) for each in body.contacts])
    standings = read_standings(installation.reader, subjects)
    if any(map(is_empty, standings)):
        installation.require_log()
    return CheckList(items=[Checked(**_checked(standing)) for standing in standings])


@router.post("/consent/history", dependencies=asks("consent", "read somebody's consent", role="agent"))
def consent_history(installation: Opened, body: Asked) -> ConsentHistory:
    """Read everything that one contact said about being messaged, with its evidence."""
    record = _record(installation, body.contact)
    events = [ConsentEventLine(**_fields(ConsentEventLine, event)) for event in record["events"]]
    return ConsentHistory(**_checked(record), events=events)


@router.post(
    "/consent/proof",
    dependencies=asks("consent", "hand out somebody's consent", role="agent"),
    response_class=Response,
    responses={
        200: {
            "description": "The proof, as a file.",
            "content": {"text/html": {"schema": {"type": "string"}}, "application/json": {"schema": {}}},
        }
    },
)
def proof(installation: Opened, body: ProofAsked) -> Response:
    """Download what one contact said, as proof to hand over, with the whole number. Audited."""
    record = _record(installation, body.contact)
    person = installation.data_subject(people.address_of(installation, body.contact))
    note_export(installation, record, person, "consent")
    is_html = body.format == "html"
    name = f"consent-{person.number[-4:]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{body.format}"
    return Response(
        as_html(record) if is_html else as_json(record),
        media_type="text/html" if is_html else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post(
    "/consent/events",
    dependencies=writes("consent", "write down consent"),
    status_code=201,
    response_model=ConsentAdded,
)
def add_consent(write: Write, body: ConsentInput) -> JSONResponse:
    """Write down an opt-in or an opt-out, with its evidence. An opt-out holds from now on everywhere."""

    def do() -> WriteAnswer:
        return WriteAnswer(201, _save(write.installation, body).model_dump(mode="json"))

    return write.once(body, do)


def _save(installation: Installation, body: ConsentInput) -> ConsentAdded:
    recorded = record_here(
        installation,
        {
            "address": people.address_of(installation, body.contact),
            "kind": body.kind,
            "scope": body.scope,
            "source": body.source,
            "evidence": body.evidence or "",
            "wording_version": body.wording_version or "",
            "date": body.date.isoformat(),
        },
        _WAY,
    )
    return ConsentAdded(
        contact=recorded.contact,
        kind=body.kind,
        scope=recorded.scope,
        happened_at=recorded.happened_at,
        is_new=recorded.is_new,
    )


def _record(installation: Installation, contact: str) -> dict[str, Any]:
    return Consent(installation).show(people.address_of(installation, contact))


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "contact": mask(record["person"]),
        "is_blocked": bool(record["must_not_be_messaged"]),
        "must_not_be_messaged": [Block(**_fields(Block, row)) for row in record["must_not_be_messaged"]],
        "state": [ScopeState(**_fields(ScopeState, row)) for row in record["state"]],
    }


def _fields(model: type[BaseModel], row: dict[str, Any]) -> dict[str, Any]:
    """The fields that are shown: not the whole number, nor the account."""
    return {name: row[name] for name in model.model_fields}
