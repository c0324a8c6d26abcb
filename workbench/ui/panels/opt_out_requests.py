"""Opt-out requests in free words: what people wrote, until when to honour it, and the decision with its undo.

What may be done is a door that a page hands in, because it stands above the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

import pandas as pd

from workbench.browser.compliance import DecideRequestMessage, OptOutRequestsChoice, UndoRequestMessage
from workbench.display import formats, moments
from workbench.lake.connect import Lake
from workbench.messaging.addresses import mask
from workbench.roles import current_user
from workbench.settings import Settings
from workbench.ui.components import OptOutRequestsComponent
from workbench.ui.filters import FIELDS
from workbench.ui.page_data import PageData
from workbench.ui.panels.audits import addresses_of
from workbench.ui.panels.choosing import MORE, PanelActions
from workbench.ui.panels.side_names import side_name

_STATES = ("waiting", "opt-out", "not-opt-out")
_EMPTY = {
    "waiting": "No opt-out request is waiting.",
    "opt-out": "Nobody decided yet that a request is an opt-out.",
    "not-opt-out": "Nobody decided yet that a request is no opt-out.",
    "all": "Nobody asked in free words to be left alone.",
}
_DECIDED = {"opt-out": "An opt-out", "not-opt-out": "Not an opt-out"}
_SOON_HOURS = 48
_LONG_AGO = date(2000, 1, 1)
"""Before the first message of any lake."""


class RequestDoor(Protocol):
    """What a page may do with requests; see :mod:`workbench.api.consent_door`."""

    def requests(self, lake: Lake) -> pd.DataFrame:
        """All requests, as `workbench.compliance.revocations.read_queue` gives them."""

    def decide(
        self,
        settings: Settings,
        lake: Lake,
        sid: str,
        decision: str,
        *,
        everything: bool,
        note: str,
        seen: str,
    ) -> str:
        """Save a decision if the one that was seen still stands; what to say of it."""

    def undo(self, settings: Settings, lake: Lake, sid: str, decision_id: str) -> str:
        """Undo a decision if it is the last one; what to say of it."""


@dataclass(frozen=True)
class OptOutRequests:
    """The requests of any time, those due first."""

    door: RequestDoor
    title: str = "Opt-out requests"
    subtitle: str = (
        "Free words that may mean stop, of any time: the period and the filters do not apply. "
        "Each has to be honoured within 10 business days."
    )
    span: int = 12
    click: str | None = None

    def build(self) -> OptOutRequestsComponent:
        component = OptOutRequestsComponent(title=self.title, subtitle=self.subtitle)
        actions = PanelActions(component)

        def choose(choice: OptOutRequestsChoice) -> None:
            actions.choose(**{"limit": MORE, **choice})

        def decide(message: DecideRequestMessage) -> None:
            actions.act(
                lambda settings, lake: self.door.decide(
                    settings,
                    lake,
                    message["sid"],
                    message["decision"],
                    everything=message["everything"],
                    note=message["note"],
                    seen=message["seen"],
                )
            )

        def undo(message: UndoRequestMessage) -> None:
            actions.act(
                lambda settings, lake: self.door.undo(settings, lake, message["sid"], message["decision_id"])
            )

        component.on("choose", choose)
        component.on("decide", decide)
        component.on("undo", undo)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        return self._props(data, "waiting", MORE)

    def chosen_props(self, component: OptOutRequestsComponent, data: PageData) -> dict[str, Any]:
        """The requests in the chosen state."""
        return self._props(data, component.view, component.limit)

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """All requests, in every state."""
        frame = data.look_up("opt-out requests", self.door.requests).copy()
        frame["contact"] = [mask(str(contact)) for contact in frame["contact"]]
        frame["sender"] = [side_name(str(sender), data) for sender in frame["sender"]]
        return frame, "All requests of any time: the period and the filters do not apply."

    def _props(self, data: PageData, view: str, limit: int) -> dict[str, Any]:
        frame = data.look_up("opt-out requests", self.door.requests)
        counts = Counter(frame["state"])
        chosen = frame if view == "all" else frame[frame["state"] == view]
        now = datetime.now(UTC)
        rows = [_line(row, data, now) for row in chosen.head(limit).to_dict("records")]
        return {
            "state": "ok",
            "message": "" if rows else _EMPTY[view],
            "view": view,
            "limit": limit,
            "total": len(chosen),
            "counts": {**{state: counts[state] for state in _STATES}, "all": len(frame)},
            "rows": rows,
            "may_decide": current_user().may("agent"),
            "behind": {
                **dict.fromkeys(FIELDS, ()), "metric": "revocations_waiting",
                "since": _LONG_AGO, "until": None,
            },
        }  # fmt: skip


def _line(row: Mapping[Any, Any], data: PageData, now: datetime) -> dict[str, Any]:
    timezone = data.period.timezone
    due_at = None if formats.is_missing(row["due_at"]) else row["due_at"].to_pydatetime()
    due, tone = time_left(due_at, now) if row["state"] == "waiting" else ("", "")
    sid = str(row["message_sid"])
    decision_id = "" if formats.is_missing(row["decision_id"]) else str(row["decision_id"])
    return {
        "sid": sid,
        "contact": mask(str(row["contact"])),
        "sender": side_name(str(row["sender"]), data),
        "text": "(no text kept)" if formats.is_missing(row["body"]) else str(row["body"]),
        "phrase": f"{row['phrase']} ({row['language']})",
        "written": moments.short_moment(row["date_created"].to_pydatetime(), timezone),
        "due": due,
        "tone": tone,
        "honour_by": moments.short_moment(due_at, timezone) if due_at else formats.MISSING,
        "state": row["state"],
        "decided": _decided(row, timezone),
        "decision_id": decision_id,
        "may_undo": bool(decision_id) and not row["is_undo"],
        **addresses_of(data, sid, str(row["conversation_id"])),
    }


def _decided(row: Mapping[Any, Any], timezone: str) -> str:
    if row["state"] == "waiting":
        return ""
    who = str(row["actor"]).partition(":")[2] or str(row["actor"])
    at = moments.short_moment(row["decided_at"].to_pydatetime(), timezone)
    note = "" if formats.is_missing(row["note"]) else f": {row['note']}"
    return f"{_DECIDED[row['state']]}, decided by {who}, {at}{note}"


def time_left(due_at: datetime | None, now: datetime) -> tuple[str, str]:
    """How long is left to honour a request, and how urgent that is: nothing, `soon` or `late`."""
    if due_at is None:
        return "", ""
    hours = int((due_at - now).total_seconds() // 3600)
    span = abs(hours) if hours >= 0 else -hours
    words = formats.plural(span // 24, "day") if span >= 24 else formats.plural(span, "hour")
    if hours < 0:
        return f"{words} late", "late"
    return f"{words} left", "soon" if hours < _SOON_HOURS else ""
