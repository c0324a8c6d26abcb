"""The panels of the page Compliance, in which people act."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from workbench.browser.panels import Name, PanelProps
from workbench.browser.schema import MaxLength, Range

# Compliance


class ActionNotice(TypedDict, total=False):
    """What came of the last action; empty for none."""

    text: str
    is_error: bool


class WorkPanelProps(PanelProps):
    """A panel in which people act. ``limit``: how many lines are asked for; ``total``: how many there are."""

    notice: ActionNotice
    limit: int
    total: int


Lines = Annotated[int, Range(1, 500)]


class AuditPlaceOption(TypedDict):
    """Where recipients may be: a country, or a state as ``US-TX``; and how many rows."""

    key: str
    name: str
    rows: int


class AuditLine(TypedDict):
    """``local`` is the time where the recipient may be; ``facts`` are pairs of term and text.

    ``message`` and ``conversation`` are addresses, empty where no server answers.
    """

    sid: str
    contact: str
    place: str
    local: str
    text: str
    facts: list[list[str]]
    message: str
    conversation: str


class AuditListProps(WorkPanelProps):
    places: list[AuditPlaceOption]
    place: str
    rows: list[AuditLine]


class AuditChoice(TypedDict, total=False):
    place: Name
    limit: Lines


class OptOutRequestLine(TypedDict):
    """``due`` says how long is left, ``tone`` how urgent that is.

    ``decided`` and ``decision_id`` are of the standing decision, empty while it waits. An undo is not undone.
    """

    sid: str
    contact: str
    sender: str
    text: str
    phrase: str
    written: str
    due: str
    tone: Literal["", "soon", "late"]
    honour_by: str
    state: Literal["waiting", "opt-out", "not-opt-out"]
    decided: str
    decision_id: str
    may_undo: bool
    message: str
    conversation: str


class OptOutRequestsProps(WorkPanelProps):
    view: str
    counts: dict[str, int]
    rows: list[OptOutRequestLine]
    may_decide: bool


class OptOutRequestsChoice(TypedDict, total=False):
    view: Literal["waiting", "opt-out", "not-opt-out", "all"]
    limit: Lines


class DecideRequestMessage(TypedDict):
    """``everything``: the opt-out is of all that we send, not only of the sender or service written to.

    ``seen``: the ``decision_id`` of the line that was decided on.
    """

    sid: Name
    decision: Literal["opt-out", "not-opt-out"]
    everything: bool
    note: Annotated[str, MaxLength(500)]
    seen: Name


class UndoRequestMessage(TypedDict):
    sid: Name
    decision_id: Name


class DoNotContactLine(TypedDict):
    """An entry of the do-not-contact list. ``fixed``: why nobody here may remove it, empty where they may."""

    id: str
    contact: str
    scope: str
    source: str
    since: str
    by: str
    evidence: str
    fixed: str
    message: str


class DoNotContactProps(WorkPanelProps):
    search: str
    rows: list[DoNotContactLine]
    may_record: bool
    may_remove: bool


class DoNotContactChoice(TypedDict, total=False):
    search: Name
    limit: Lines


class RecordConsentMessage(TypedDict):
    """``date`` as in 2026-03-01T09:30, in the zone of the settings; empty for now."""

    address: Name
    kind: Literal["opt-in", "opt-out"]
    scope: Name
    source: Name
    date: Name
    evidence: Annotated[str, MaxLength(2_000)]
    wording_version: Name


class RemoveBlockMessage(TypedDict):
    id: Name
    because: Annotated[str, MaxLength(500)]
