"""The messages of an audit: who they went to, where that may be and what time it was there, and the text.

Contacts are masked; what people wrote is text, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.browser.compliance import AuditChoice
from workbench.display import formats, moments
from workbench.lake.connect import Readable
from workbench.messaging.addresses import mask
from workbench.messaging.geography import area_states, area_zones, state_name
from workbench.metrics.audit_places import AuditPlace, count_places
from workbench.metrics.audits import AuditCheck, find_audit
from workbench.metrics.run import query_audit
from workbench.ui.components import AuditListComponent
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.choosing import PanelActions

_FIRST = 8
_SOURCES = {
    "keyword": "a keyword they wrote",
    "twilio-21610": "Twilio's refusal (21610)",
    "revocation": "free words, read by a person",
}


@dataclass(frozen=True)
class AuditList:
    """The rows of one audit under the page's filters, by place of the recipients."""

    title: str
    audit: str
    subtitle: str = ""
    empty: str = "No messages in this period with these filters."
    span: int = 12
    click: str | None = None

    def build(self) -> AuditListComponent:
        component = AuditListComponent(title=self.title, subtitle=self.subtitle, limit=_FIRST)
        actions = PanelActions(component)

        def choose(choice: AuditChoice) -> None:
            # Another place begins with the first rows again.
            actions.choose(**{"limit": _FIRST, **choice})

        component.on("choose", choose)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        return self._props(data, "", _FIRST)

    def chosen_props(self, component: AuditListComponent, data: PageData) -> dict[str, Any]:
        """The rows of the chosen place; of all places where it has no rows any more."""
        return self._props(data, component.place, component.limit)

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """All rows, with the place and the local time of each recipient."""
        rows = data.store.audit_rows(
            self.audit,
            data.where,
            data.period.since,
            data.period.end,
            data.period.timezone,
            snapshot=data.snapshot,
        )
        return _for_file(rows, data), "Local times are those of the number's area."

    def _props(self, data: PageData, place: str, limit: int) -> dict[str, Any]:
        audit = find_audit(self.audit)
        result = data.metric(audit.metric)
        shared = {"definition": definition(result, data.period), "limit": limit}
        places = data.ask(f"places of {audit.name}", _places_of(audit.name))
        if not places:
            reason = data.no_answer(audit.metric)
            message = f"Not known: {reason}." if reason else self.empty
            return {**shared, "state": "empty", "message": message, "place": "", "places": [], "rows": []}
        # A country or state in which nothing is left is none.
        place = place if place in places else ""
        rows = data.ask(f"rows of {audit.name} in {place}, {limit}", _rows_of(audit.name, place, limit))
        texts = data.look_up(f"texts of {audit.name} in {place}, {limit}", _texts_of(rows))
        total = places[place] if place else _total(places)
        return {
            **shared,
            "state": "ok",
            "places": [
                {"key": key, "name": place_name(key), "rows": count} for key, count in places.items() if key
            ],
            "place": place,
            "total": total,
            "rows": [_line(row, audit, data, texts) for row in rows.to_dict("records")],
        }


def _places_of(name: str) -> Any:
    def ask(readable: Readable, where: Any, since: Any, until: Any, *, timezone: str) -> dict[str, int]:
        return count_places(readable, name, where, since, until, timezone=timezone)

    return ask


def _rows_of(name: str, place: str, limit: int) -> Any:
    condition = AuditPlace(place).condition if place else None

    def ask(readable: Readable, where: Any, since: Any, until: Any, *, timezone: str) -> pd.DataFrame:
        return query_audit(
            readable, name, where, since, until, limit=limit, timezone=timezone, place=condition
        )

    return ask


def _texts_of(rows: pd.DataFrame) -> Any:
    sids = [str(sid) for sid in rows["message_sid"]]
    return lambda lake: dict(
        lake.rows(
            "select message_sid, body from message_facts where message_sid in (select unnest(?::varchar[]))",
            [sids],
        )
    )


def _total(places: Mapping[str, int]) -> int:
    """All rows: a country's have those of its states in them."""
    return sum(count for key, count in places.items() if "-" not in key)


def place_name(key: str) -> str:
    """`Texas` of `US-TX`; a country's code stays, for the browser names it."""
    return state_name(key[3:]) if "-" in key else key


def place_of(contact: str) -> str:
    """The US states of a number's area code; empty where it belongs to none."""
    return " or ".join(sorted(state_name(state) for state in area_states(contact)))


def local_time(contact: str, at: datetime) -> str:
    """The time where the owner of a number may be: `Tue 3 Nov, 21:40`, or the span of several zones."""
    clocks = sorted({at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for zone in area_zones(contact)[0]})
    if not clocks:
        return ""
    first, last = clocks[0], clocks[-1]
    ends = f" to {last:%H:%M}" if last.date() == first.date() else f" to {last:%a %H:%M}"
    return f"{first:%a} {first.day} {first:%b}, {first:%H:%M}" + (ends if last != first else "")


def _sent(row: Mapping[Any, Any]) -> datetime:
    moment: datetime = row["sent_at" if "sent_at" in row else "date_created"].to_pydatetime()
    return moment


def _line(
    row: Mapping[Any, Any], audit: AuditCheck, data: PageData, texts: Mapping[str, str | None]
) -> dict[str, Any]:
    sid, contact = str(row["message_sid"]), str(row["contact"])
    shown = [(label, name) for name, label in audit.columns.items() if name != "contact"]
    return {
        "sid": sid,
        "contact": mask(contact),
        "place": place_of(contact),
        "local": local_time(contact, _sent(row)),
        "text": texts.get(sid) or "(no text kept)",
        "facts": [[label, _fact(row[name], name, data)] for label, name in shown],
        **addresses_of(data, sid, str(row["conversation_id"])),
    }


def addresses_of(data: PageData, sid: str, conversation: str) -> dict[str, str]:
    """Where a message and its conversation are shown."""
    return {"message": data.rows_link(message=sid), "conversation": f"inbox?conversation={conversation}"}


def _fact(value: Any, name: str, data: PageData) -> str:
    if formats.is_missing(value):
        return str(formats.MISSING)
    if name == "sender":
        return data.sender_label(str(value))
    if isinstance(value, datetime):
        return moments.short_moment(value, data.period.timezone)
    if name == "messages_in_week":
        return str(formats.count(float(value)))
    return _SOURCES.get(str(value), str(value))


def _for_file(rows: pd.DataFrame, data: PageData) -> pd.DataFrame:
    contacts: Sequence[str] = [str(contact) for contact in rows["contact"]]
    moments_sent = rows["sent_at" if "sent_at" in rows else "date_created"]
    shown = rows.drop(columns="conversation_id")
    shown.insert(2, "place", [place_of(contact) for contact in contacts])
    shown.insert(
        3,
        "local_time",
        [local_time(contact, at.to_pydatetime()) for contact, at in zip(contacts, moments_sent, strict=True)],
    )
    for name in set(data.store.masked_sides).intersection(shown.columns):
        shown[name] = [None if formats.is_missing(address) else mask(str(address)) for address in shown[name]]
    return shown
