"""Alerts: what is wrong now, what was, the rules, and which of them nobody is told of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, Strict

from workbench.api.alerts import Alerts
from workbench.http_api.frames import rows_of
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Limit
from workbench.http_api.routes import ApiAnswer, ApiInput, reads, writes

router = APIRouter(tags=["alerts"])

Rule = Annotated[str, Path(max_length=80, examples=["delivery-drop"])]


class AlertLine(BaseModel):
    """One open alert."""

    since: datetime
    severity: str
    rule: str
    title: str
    evidence: str
    cause: str | None
    told: str = Field(description="Who was told, and how that ended.")
    link: str | None = Field(description="The page that shows it.")


class OpenAlertList(ApiAnswer):
    """Open alerts, the critical ones first."""

    items: list[AlertLine]


class PastAlertLine(BaseModel):
    """One alert that began."""

    began: datetime
    ended: datetime | None
    severity: str
    rule: str
    title: str
    evidence: str
    told: str


class PastAlertList(ApiAnswer):
    """Alerts that began, the newest first."""

    items: list[PastAlertLine]


class AlertRuleLine(BaseModel):
    """One rule."""

    rule: str
    state: str = Field(description="on, off, or muted, and until when.")
    severity: str
    watches: str
    limit: str


class AlertRuleList(ApiAnswer):
    """Every rule, also those that are off."""

    items: list[AlertRuleLine]


class Mute(ApiInput):
    """For how long nobody is told."""

    hours: Annotated[float, Strict(), Field(gt=0, le=8760, examples=[8])] | None = Field(
        default=None, description="By default until it is unmuted."
    )


class RuleMuted(ApiAnswer):
    """Whether people are told of a rule."""

    rule: str
    is_muted: bool


@router.get("/alerts", dependencies=reads("status", "read alerts"))
def alerts(installation: Opened) -> OpenAlertList:
    """List what is wrong now by the rules of `[alerts]`, the critical first."""
    return OpenAlertList(items=[AlertLine(**row) for row in rows_of(Alerts(installation).list())])


@router.get("/alerts/history", dependencies=reads("status", "read alerts"))
def alert_history(installation: Opened, limit: Limit = 50) -> PastAlertList:
    """List alerts that began, the newest first, and how each notice of them ended."""
    frame = Alerts(installation).history(limit=limit)
    return PastAlertList(items=[PastAlertLine(**row) for row in rows_of(frame)])


@router.get("/alerts/rules", dependencies=reads("status", "read alerts"))
def alert_rules(installation: Opened) -> AlertRuleList:
    """List the rules: what each watches, its limit, and whether it is on."""
    frame = Alerts(installation).list(rules=True)
    return AlertRuleList(items=[AlertRuleLine(**row) for row in rows_of(frame)])


@router.post(
    "/alerts/rules/{rule}/mute",
    dependencies=writes("status", "mute an alert", role="admin"),
    response_model=RuleMuted,
)
def mute_rule(write: Write, rule: Rule, body: Mute) -> JSONResponse:
    """Tell nobody of a rule; what it finds is still noted and shown."""

    def do() -> WriteAnswer:
        Alerts(write.installation).mute(rule, hours=body.hours)
        return WriteAnswer(200, RuleMuted(rule=rule, is_muted=True).model_dump(mode="json"))

    return write.once(body, do)


@router.post(
    "/alerts/rules/{rule}/unmute",
    dependencies=writes("status", "mute an alert", role="admin"),
    response_model=RuleMuted,
)
def unmute_rule(write: Write, rule: Rule) -> JSONResponse:
    """Tell of a rule again, also of what is open already."""

    def do() -> WriteAnswer:
        Alerts(write.installation).unmute(rule)
        return WriteAnswer(200, RuleMuted(rule=rule, is_muted=False).model_dump(mode="json"))

    return write.once(None, do)
