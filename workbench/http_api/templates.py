"""Templates: texts that are ready, with blanks; whether WhatsApp approved one; one filled in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from workbench.api.templates import Templates
from workbench.errors import UsageError
from workbench.http_api.opened import Opened
from workbench.http_api.routes import ApiAnswer, ApiInput, asks, reads
from workbench.messaging.templates import Template, search_templates
from workbench.sending.template_files import find_template, read_templates
from workbench.twilio.contents import fetch_whatsapp_approval

router = APIRouter(tags=["templates"])

Name = Annotated[str, Path(max_length=120, examples=["reminder"])]


class TemplateLine(BaseModel):
    """One text with blanks, or one content template that Twilio keeps."""

    name: str
    title: str
    tags: list[str]
    language: str | None
    blanks: list[str] = Field(description="What `variables` must have.")
    text: str = Field(description="Empty for a content template.")
    content_sid: str | None


class TemplateList(ApiAnswer):
    """The templates."""

    items: list[TemplateLine]
    notices: list[str] = Field(description="Which files could not be read, and why.")


class TemplateDetails(ApiAnswer, TemplateLine):
    """One template."""


class TemplateApproval(ApiAnswer):
    """What WhatsApp says of a content template."""

    name: str
    content_sid: str
    approval: str = Field(description="approved, pending, rejected … as Twilio says it; or missing.")


class Variables(ApiInput):
    """What goes into the blanks."""

    variables: dict[str, str] = Field(default={}, max_length=100, examples=[{"first_name": "Ana"}])


class TemplatePreview(ApiAnswer):
    """A template with its blanks filled."""

    name: str
    text: str


@router.get("/templates", dependencies=reads("templates", "read templates", of_lake=False))
def templates(
    installation: Opened,
    search: Annotated[str, Query(max_length=200, description="Words that must all be in it.")] = "",
) -> TemplateList:
    """List the templates: the files in the folder `templates` of the home."""
    readable, notices = read_templates(installation.settings.home)
    lines = [TemplateLine(**_line(template)) for template in search_templates(readable, search)]
    return TemplateList(items=lines, notices=notices)


@router.get("/templates/{template}", dependencies=reads("templates", "read templates", of_lake=False))
def template(installation: Opened, template: Name) -> TemplateDetails:
    """Read one template."""
    return TemplateDetails(**_line(find_template(installation.settings.home, template)))


@router.get(
    "/templates/{template}/approval", dependencies=reads("templates", "read templates", of_lake=False)
)
def template_approval(installation: Opened, template: Name) -> TemplateApproval:
    """Ask Twilio whether WhatsApp has approved a content template."""
    content_sid = find_template(installation.settings.home, template).content_sid
    if content_sid is None:
        raise UsageError(
            f"{template!r} is a text of this installation, which nobody approves; only a template with a "
            "content_sid has an approval."
        )
    state = fetch_whatsapp_approval(installation.send_context.log, content_sid)
    return TemplateApproval(name=template, content_sid=content_sid, approval=state)


@router.post("/templates/{template}/preview", dependencies=asks("templates", "read templates"))
def template_preview(installation: Opened, template: Name, body: Variables) -> TemplatePreview:
    """Fill the blanks of a template, as it would be sent; nothing is sent."""
    text = Templates(installation).show(template, variables=body.variables)
    return TemplatePreview(name=template, text=text)


def _line(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "title": template.title,
        "tags": list(template.tags),
        "language": template.language,
        "blanks": list(template.variables),
        "text": template.body,
        "content_sid": template.content_sid,
    }
