"""Phone numbers and short codes of the account, with the webhooks that are set on them.

A number can be bought, released, and moved to another account of the same owner. Its generated traffic goes
on in the account that it began in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.market import is_for_sale, sold_sender
from workbench.simulator.account.recipients import MMS_COUNTRIES
from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import ApiError, not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.traffic.profile import Sender

_META = {"*": "[0-9]", "%": "[0-9]*"}
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

    def on_post(self) -> dict[str, Any]:
        """Buy a number that is for sale."""
        form = last_values(self.form())
        number = form.get("PhoneNumber", "")
        owners = self.runtime.account.ledgers
        if not is_for_sale(number) or any(
            owner.inventory.sender_index(number) is not None for owner in owners
        ):
            raise ApiError(400, 21422, f"PhoneNumber {number} is not available.")
        sid = derive_sid(self.account.sid, "PN", f"{number}:{self.now}")
        sender = sold_sender(number, form.get("FriendlyName") or number)
        self.account.change({"op": "add_sender", "sender": list(sender), "sid": sid})
        _set(self.account, sid, form, self.now, created=True)
        self.set_status(201)
        return find_row(number_rows(self.account), sid, self.request.path)


class OneNumber(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers/{PN}.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        return find_row(number_rows(self.account), sid, self.request.path)

    def on_post(self, sid: str) -> dict[str, Any]:
        self.on_get(sid)
        form = last_values(self.form())
        if form.get("AccountSid") not in (None, "", self.account.sid):
            self._move(sid, form["AccountSid"])
        _set(self.account, sid, form, self.now)
        return self.on_get(sid)

    def on_delete(self, sid: str) -> None:
        """Release the number."""
        self.account.change({"op": "remove_sender", "sender": self._index(sid)})
        self.set_status(204)

    def _move(self, sid: str, account_sid: str) -> None:
        """Give the number, with its SID and settings, to another account of the caller's."""
        if self.caller.owner_sid != self.caller.sid:
            raise ApiError(400, 21474, "The API user must be the parent account to transfer phone numbers.")
        family = [owner for owner in self.runtime.account.ledgers if owner.owner_sid == self.caller.sid]
        target = next((owner for owner in family if owner.sid == account_sid), None)
        if target is None:
            raise ApiError(400, 21473, f"The AccountSid {account_sid} is not related to the number's owner.")
        index, source = self._index(sid), self.account
        sender = source.profile.senders[index]._replace(service=-1)
        target.change({"op": "add_sender", "sender": list(sender), "sid": sid})
        target.change({"op": "settings", "sid": sid, "values": source.settings.get(sid, {})})
        source.change({"op": "remove_sender", "sender": index})
        self.account = target

    def _index(self, sid: str) -> int:
        self.on_get(sid)
        index = self.account.inventory.sender_by_sid(sid)
        if index is None:
            raise not_found(self.request.path)
        return index


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
    return [_number_row(ledger, sender, sid) for sender, sid in _owned(ledger, *_NUMBER_KINDS)]


def short_code_rows(ledger: Ledger) -> list[dict[str, Any]]:
    return [_short_code_row(ledger, sender, sid) for sender, sid in _owned(ledger, "short code")]


def _owned(ledger: Ledger, *kinds: str) -> Iterator[tuple[Sender, str]]:
    for index, sender in ledger.inventory.senders():
        if sender.kind in kinds:
            yield sender, ledger.sender_sids[index]


def _number_row(ledger: Ledger, sender: Sender, sid: str) -> dict[str, Any]:
    abroad = sender.country not in ("US", "CA")
    has_mms = sender.country in MMS_COUNTRIES
    return {
        **_webhooks(ledger, sender, sid),
        "address_requirements": "local" if abroad else "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": derive_sid(ledger.sid, "BU", sender.address) if abroad else None,
        "capabilities": {"voice": True, "sms": True, "mms": has_mms, "fax": False},
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


def _set(ledger: Ledger, sid: str, form: Mapping[str, str], now: int, *, created: bool = False) -> None:
    values: dict[str, Any] = {
        _SETTABLE[name]: value or None for name, value in form.items() if name in _SETTABLE
    }
    values["date_updated"] = rfc2822(now)
    if created:
        values["date_created"] = values["date_updated"]
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
    return number_pattern(query.get("PhoneNumber", "")).search(str(row.get("phone_number", ""))) is not None


def number_pattern(text: str) -> re.Pattern[str]:
    """The numbers that a filter means: part of a number, with `*` for any one digit.

    A + means the beginning of the number; % stands for any digits, and a $ at the end for the number's end.
    """
    written = text.strip()
    parts = [
        _META.get(character, re.escape(character)) for character in written.lstrip("+").removesuffix("$")
    ]
    begin, end = r"^\+" if written.startswith("+") else "", "$" if written.endswith("$") else ""
    return re.compile(begin + "".join(parts) + end)
