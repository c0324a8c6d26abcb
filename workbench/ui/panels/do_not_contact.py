"""The do-not-contact list: who must not be messaged and why, consent recorded by hand, an entry removed.

A whole number is searched by a look-up that stands in the audit trail. What may be done is a door that a page
hands in, because it stands above the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from workbench.browser.compliance import DoNotContactChoice, RecordConsentMessage, RemoveBlockMessage
from workbench.display import moments
from workbench.lake.connect import Lake
from workbench.lake.consent import EVERYTHING
from workbench.lake.number_lookups import look_up_number
from workbench.messaging.addresses import mask
from workbench.roles import current_user
from workbench.settings import Settings
from workbench.ui.beside import work_beside
from workbench.ui.components import DoNotContactComponent
from workbench.ui.page_data import PageData
from workbench.ui.panels.choosing import MORE, PanelActions
from workbench.ui.panels.side_names import side_name
from workbench.ui.store import current_store

_SOURCES = {
    "keyword": "Keyword they wrote",
    "twilio-21610": "Twilio's refusal (21610)",
    "revocation": "Opt-out request, decided",
}
_FIXED = {
    "keyword": "They opted out themself: only START, or an opt-in that you record, ends it.",
    "twilio-21610": "They opted out themself: only START, or an opt-in that you record, ends it.",
    "revocation": "Undo the decision under Opt-out requests.",
}
_COLUMNS = ["address", "scope", "source", "since", "actor", "message_sid"]


class ListDoor(Protocol):
    """What a page may do with the list; see :mod:`workbench.api.consent_door`."""

    def blocked(
        self, lake: Lake, search: str, number: str | None, limit: int | None, with_evidence: bool
    ) -> tuple[list[dict[str, Any]], int]:
        """The entries, as `workbench.compliance.do_not_contact.BlockedPerson` has them, and how many."""

    def record(self, settings: Settings, lake: Lake, record: Mapping[str, str]) -> str:
        """Write down an opt-in or opt-out; what to say of it."""

    def remove(self, settings: Settings, lake: Lake, event_id: str, because: str) -> str:
        """Take an entry off the list; what to say of it."""


@dataclass(frozen=True)
class DoNotContact:
    """The list of any time, the newest first."""

    door: ListDoor
    title: str = "Do-not-contact list"
    subtitle: str = "Everybody who must not be messaged, now: the period and the filters do not apply."
    span: int = 12
    click: str | None = None

    def build(self) -> DoNotContactComponent:
        component = DoNotContactComponent(title=self.title, subtitle=self.subtitle)
        actions = PanelActions(component)

        def record(message: RecordConsentMessage) -> None:
            fields = {name: str(value) for name, value in message.items()}
            actions.act(lambda settings, lake: self.door.record(settings, lake, fields))

        def remove(message: RemoveBlockMessage) -> None:
            actions.act(
                lambda settings, lake: self.door.remove(settings, lake, message["id"], message["because"])
            )

        component.on("choose", lambda choice: _choose(actions, component, choice))
        component.on("record", record)
        component.on("remove", remove)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        return self._props(data, "", None, MORE)

    def chosen_props(self, component: DoNotContactComponent, data: PageData) -> dict[str, Any]:
        """The entries that are searched."""
        search, number = component.looked_up
        return self._props(data, search, number, component.limit)

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The whole list, numbers masked."""
        entries, _ = data.look_up(
            "the do-not-contact list", lambda lake: self.door.blocked(lake, "", None, None, False)
        )
        rows = [
            {**entry, "address": mask(entry["address"]), "scope": _scope(entry["scope"], data)}
            for entry in entries
        ]
        note = "Numbers are masked; `workbench consent export` writes them whole, and that is audited."
        return pd.DataFrame(rows, columns=_COLUMNS).rename(columns={"address": "contact"}), note

    def _props(self, data: PageData, search: str, number: str | None, limit: int) -> dict[str, Any]:
        user = current_user()
        may_read = user.may("agent")
        entries, total = data.look_up(
            f"the do-not-contact list, {search!r}, {number}, {limit}, {may_read}",
            lambda lake: self.door.blocked(lake, search, number, limit, may_read),
        )
        empty = "Nobody on the list has that." if search else "Nobody is on the list."
        return {
            "state": "ok",
            "message": "" if entries else empty,
            "search": search,
            "limit": limit,
            "total": total,
            "rows": [_line(entry, data) for entry in entries],
            "may_record": user.may("agent"),
            "may_remove": user.may("admin"),
        }


def _choose(actions: PanelActions, component: DoNotContactComponent, choice: DoNotContactChoice) -> None:
    """Look up the whole number in a search, once for as long as it stands there; then show the list."""
    search, limit = choice.get("search", component.looked_up[0]).strip(), choice.get("limit", MORE)
    store = current_store()

    def work() -> str | None:
        if search == component.looked_up[0]:
            return component.looked_up[1]
        with store.lock:
            return look_up_number(store.lake, search, "do-not-contact list", store.default_country)

    def show(number: str | None) -> None:
        component.looked_up = (search, number)
        actions.choose(search=search, limit=limit)

    work_beside(work, show, actions.refuse)


def _line(entry: Mapping[str, Any], data: PageData) -> dict[str, Any]:
    return {
        "id": entry["event_id"],
        "contact": mask(entry["address"]),
        "scope": _scope(entry["scope"], data),
        "source": _SOURCES.get(entry["source"], entry["source"]),
        "since": moments.short_moment(entry["since"], data.period.timezone),
        "by": (entry["actor"] or "").partition(":")[2],
        "evidence": entry["evidence"] or "",
        "fixed": _FIXED.get(entry["source"], ""),
        "message": data.rows_link(message=entry["message_sid"]) if entry["message_sid"] else "",
    }


def _scope(scope: str, data: PageData) -> str:
    if scope == EVERYTHING:
        return "Everything"
    if scope.startswith("topic:"):
        return f"Topic {scope.removeprefix('topic:')}"
    return side_name(scope, data)
