"""Phone numbers and short codes of the account, with the webhooks that are set on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.traffic.profile import Sender

_NUMBER_KINDS = ("long code", "toll-free")
_SETTABLE = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


class Numbers(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers.json`"""

    def on_get(self) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        rows = [row for row in number_rows(self.account) if _fits(row, query)]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.request.path, self.request.query, page)
        return envelope("incoming_phone_numbers", chosen, page, uris, first, last)


class OneNumber(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers/{PN}.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        return find_row(number_rows(self.account), sid, self.request.path)

    def on_post(self, sid: str) -> dict[str, Any]:
        self.on_get(sid)
        _set(self.account, sid, last_values(self.form()), self.now)
        return self.on_get(sid)


class ShortCodes(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/SMS/ShortCodes.json`"""

    def on_get(self) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        rows = [row for row in short_code_rows(self.account) if _fits(row, query)]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.request.path, self.request.query, page)
        return envelope("short_codes", chosen, page, uris, first, last)


class OneShortCode(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/SMS/ShortCodes/{SC}.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        return find_row(short_code_rows(self.account), sid, self.request.path)

    def on_post(self, sid: str) -> dict[str, Any]:
        self.on_get(sid)
        _set(self.account, sid, last_values(self.form()), self.now)
        return self.on_get(sid)


def number_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Every phone number of an account, as the API shows it."""
    owned = zip(ledger.profile.senders, ledger.sender_sids, strict=True)
    return [_number_row(ledger, sender, sid) for sender, sid in owned if sender.kind in _NUMBER_KINDS]


def short_code_rows(ledger: Ledger) -> list[dict[str, Any]]:
    owned = zip(ledger.profile.senders, ledger.sender_sids, strict=True)
    return [_short_code_row(ledger, sender, sid) for sender, sid in owned if sender.kind == "short code"]


def _number_row(ledger: Ledger, sender: Sender, sid: str) -> dict[str, Any]:
    abroad = sender.country not in ("US", "CA")
    return {
        **_webhooks(ledger, sender, sid),
        "address_requirements": "local" if abroad else "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": derive_sid(ledger.sid, "BU", sender.address) if abroad else None,
        "capabilities": {"voice": True, "sms": True, "mms": not abroad, "fax": False},
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": sender.address,
        "status": "in-use",
        "trunk_sid": None,
        "type": "tollfree" if sender.kind == "toll-free" else "mobile" if abroad else "local",
        "uri": f"/{API_VERSION}/Accounts/{ledger.sid}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": None,
    } | ledger.settings.get(sid, {})


def _short_code_row(ledger: Ledger, sender: Sender, sid: str) -> dict[str, Any]:
    hooks = _webhooks(ledger, sender, sid)
    for absent in ("sms_application_sid", "status_callback", "status_callback_method"):
        del hooks[absent]
    uri = f"/{API_VERSION}/Accounts/{ledger.sid}/SMS/ShortCodes/{sid}.json"
    return hooks | {"short_code": sender.address, "uri": uri} | ledger.settings.get(sid, {})


def _webhooks(ledger: Ledger, sender: Sender, sid: str) -> dict[str, Any]:
    opened = rfc2822(ledger.opened_at)
    return {
        "account_sid": ledger.sid,
        "api_version": API_VERSION,
        "date_created": opened,
        "date_updated": opened,
        "friendly_name": sender.label,
        "sid": sid,
        "sms_application_sid": None,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_url": None,
        "status_callback": None,
        "status_callback_method": "POST",
    }


def _set(ledger: Ledger, sid: str, form: Mapping[str, str], now: int) -> None:
    values: dict[str, Any] = {
        _SETTABLE[name]: value or None for name, value in form.items() if name in _SETTABLE
    }
    values["date_updated"] = rfc2822(now)
    ledger.change({"op": "settings", "sid": sid, "values": values})


def find_row(rows: list[dict[str, Any]], sid: str, path: str) -> dict[str, Any]:
    """The row with a SID, or 404/20404."""
    for row in rows:
        if row["sid"] == sid:
            return row
    raise not_found(path)


def _fits(row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    exact = {"FriendlyName": "friendly_name", "ShortCode": "short_code", "Origin": "origin"}
    if any(query.get(name) and row.get(field) != query[name] for name, field in exact.items()):
        return False
    # The real filter takes part of a number, too.
    return query.get("PhoneNumber", "").strip().lstrip("+") in str(row.get("phone_number", ""))
