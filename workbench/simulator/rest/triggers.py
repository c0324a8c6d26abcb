"""Usage triggers: create, list, fetch, change, delete. They show their present value; none ever fires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.account.usage import CATEGORIES, price, total
from workbench.simulator.clock import day_of
from workbench.simulator.errors import bad_value, not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.rest.usage import book_of

_RECURRING = ("daily", "monthly", "yearly", "alltime")
_FIELDS = ("count", "usage", "price")
_FILTERS = {"Recurring": "recurring", "TriggerBy": "trigger_by", "UsageCategory": "usage_category"}
_CHANGEABLE = {
    "CallbackUrl": "callback_url",
    "CallbackMethod": "callback_method",
    "FriendlyName": "friendly_name",
}


class Triggers(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Usage/Triggers.json`"""

    def on_get(self) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        rows = [trigger_row(self, sid, trigger) for sid, trigger in self.account.triggers.items()]
        for name, field in _FILTERS.items():
            if query.get(name):
                rows = [row for row in rows if row[field] == query[name]]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.request.path, self.request.query, page)
        return envelope("usage_triggers", chosen, page, uris, first, last)

    def on_post(self) -> dict[str, Any]:
        trigger = _read(last_values(self.form())) | {"created": self.now, "updated": self.now}
        sid = derive_sid(self.account.sid, "UT", f"{self.now}:{len(self.account.triggers)}:{trigger}")
        self.account.change({"op": "trigger", "sid": sid, "trigger": trigger})
        self.set_status(201)
        return trigger_row(self, sid, trigger)


class OneTrigger(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Usage/Triggers/{UT}.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        return trigger_row(self, sid, self._find(sid))

    def on_post(self, sid: str) -> dict[str, Any]:
        form = last_values(self.form())
        changes = {field: form[name] for name, field in _CHANGEABLE.items() if name in form}
        trigger = self._find(sid) | changes | {"updated": self.now}
        self.account.change({"op": "trigger", "sid": sid, "trigger": trigger})
        return trigger_row(self, sid, trigger)

    def on_delete(self, sid: str) -> None:
        self._find(sid)
        self.account.change({"op": "trigger", "sid": sid, "trigger": None})
        self.set_status(204)

    def _find(self, sid: str) -> dict[str, Any]:
        if sid not in self.account.triggers:
            raise not_found(self.request.path)
        return self.account.triggers[sid]


def _read(form: Mapping[str, str]) -> dict[str, Any]:
    """The trigger that a create request describes.

    Raises:
        ApiError: 400/20001 for a value that is missing or wrong.
    """
    category, by = form.get("UsageCategory", ""), form.get("TriggerBy") or "usage"
    recurring, value = form.get("Recurring") or None, form.get("TriggerValue", "")
    if category not in CATEGORIES:
        raise bad_value("UsageCategory", category, "See Twilio's usage categories.")
    if by not in _FIELDS:
        raise bad_value("TriggerBy", by, f"It is one of {', '.join(_FIELDS)}.")
    if recurring not in (None, *_RECURRING):
        raise bad_value("Recurring", recurring, f"It is one of {', '.join(_RECURRING)}.")
    if not form.get("CallbackUrl"):
        raise bad_value("CallbackUrl", "", "It is required.")
    return {
        "callback_url": form["CallbackUrl"],
        "callback_method": form.get("CallbackMethod") or "POST",
        "friendly_name": form.get("FriendlyName"),
        "recurring": recurring,
        "trigger_by": by,
        "trigger_value": _amount(value),
        "usage_category": category,
    }


def _amount(text: str) -> str:
    """A positive number with six decimals. With a + it counts from now, which is not simulated."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or text.startswith("+"):
        raise bad_value("TriggerValue", text, "Write a positive number, without a +.")
    return f"{amount:.6f}"


def trigger_row(handler: ApiHandler, sid: str, trigger: Mapping[str, Any]) -> dict[str, Any]:
    base = f"/{API_VERSION}/Accounts/{handler.account.sid}/Usage"
    shown = {name: value for name, value in trigger.items() if name not in ("created", "updated")}
    return shown | {
        "account_sid": handler.account.sid,
        "api_version": API_VERSION,
        "current_value": _current_value(handler, trigger),
        "date_created": rfc2822(trigger["created"]),
        "date_fired": None,
        "date_updated": rfc2822(trigger["updated"]),
        "sid": sid,
        "uri": f"{base}/Triggers/{sid}.json",
        "usage_record_uri": f"{base}/Records.json?Category={trigger['usage_category']}",
    }


def _current_value(handler: ApiHandler, trigger: Mapping[str, Any]) -> str:
    """What was used in the present period of the trigger, or ever."""
    today = datetime.fromtimestamp(handler.now, UTC).date()
    days_before = {
        "daily": 0,
        "monthly": today.day - 1,
        "yearly": today.timetuple().tm_yday - 1,
    }
    opened, last = day_of(handler.account.opened_at), day_of(handler.now)
    first = max(opened, last - days_before.get(trigger["recurring"], last))
    sums = book_of(handler, handler.account).of_days(first, last, handler.now)
    used = total(sums, trigger["usage_category"])
    shown = {"count": str(used.events), "usage": str(used.usage), "price": f"{price(used.units):.5f}"}
    return shown[trigger["trigger_by"]]
