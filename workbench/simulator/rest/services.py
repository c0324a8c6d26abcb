"""Messaging services and the senders in them (messaging v1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.messaging.addresses import address_kind
from workbench.simulator.account.inventory import NO_SERVICE
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import ApiError, bad_value, not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.paging import PageUris, meta_envelope, page_request, slice_page
from workbench.simulator.traffic.profile import Sender, Service

Row = dict[str, Any]

_SETTABLE = {
    "FriendlyName": "friendly_name",
    "InboundRequestUrl": "inbound_request_url",
    "InboundMethod": "inbound_method",
    "FallbackUrl": "fallback_url",
    "FallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
}
_SWITCHES = {
    "UseInboundWebhookOnNumber": "use_inbound_webhook_on_number",
    "StickySender": "sticky_sender",
    "SmartEncoding": "smart_encoding",
    "MmsConverter": "mms_converter",
    "AreaCodeGeomatch": "area_code_geomatch",
}
_LINKS = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "us_app_to_person": "Compliance/Usa2p",
}


_KINDS = {
    "PhoneNumbers": ("long code", "toll-free"),
    "ShortCodes": ("short code",),
    "AlphaSenders": ("alphanumeric",),
}


class ListHandler(ApiHandler):
    """A list of a newer product: absolute addresses, `meta`."""

    def base(self) -> str:
        """The address of this server, as the caller used it."""
        return f"{self.request.protocol}://{self.request.host}"

    def page_of(self, key: str, rows: list[Row]) -> Row:
        page = page_request(self.query())
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.base() + self.request.path, self.request.query, page)
        return meta_envelope(key, chosen, page, uris, first, last)


class Services(ListHandler):
    """`/v1/Services`: those of the caller's own account; a subaccount's need the subaccount's credentials."""

    def on_get(self) -> Row:
        return self.page_of("services", service_rows(self.account, self.base()))

    def on_post(self) -> Row:
        form = last_values(self.form())
        if not form.get("FriendlyName"):
            raise bad_value("FriendlyName", "", "It is required.")
        service = Service(form["FriendlyName"], form.get("Usecase") or "undeclared")
        sid = derive_sid(self.account.sid, "MG", f"{service.name}:{len(self.account.service_sids)}")
        self.account.change({"op": "add_service", "service": list(service), "sid": sid})
        created = {"date_created": iso8601(self.now), "date_updated": iso8601(self.now)}
        self.account.change({"op": "settings", "sid": sid, "values": _settings_of(form) | created})
        self.set_status(201)
        return find_row(service_rows(self.account, self.base()), sid, self.request.path)


class OneService(ListHandler):
    """`/v1/Services/{MG}`"""

    def on_get(self, sid: str) -> Row:
        return find_row(service_rows(self.account, self.base()), sid, self.request.path)

    def on_post(self, sid: str) -> Row:
        self.on_get(sid)
        values = _settings_of(last_values(self.form())) | {"date_updated": iso8601(self.now)}
        self.account.change({"op": "settings", "sid": sid, "values": values})
        return self.on_get(sid)

    def on_delete(self, sid: str) -> None:
        """Delete the service; its senders stay in the account."""
        self.account.change({"op": "remove_service", "service": find_service(self, sid)})
        self.set_status(204)


def _settings_of(form: Mapping[str, str]) -> Row:
    values: Row = {_SETTABLE[name]: value or None for name, value in form.items() if name in _SETTABLE}
    switches = {_SWITCHES[name]: value.lower() == "true" for name, value in form.items() if name in _SWITCHES}
    return values | switches


class ServiceMembers(ListHandler):
    """`/v1/Services/{MG}/PhoneNumbers`, `/ShortCodes`, `/AlphaSenders`"""

    def on_get(self, service_sid: str, members: str) -> Row:
        key, rows = _MEMBERS[members]
        return self.page_of(key, rows(self.account, find_service(self, service_sid), self.base()))

    def on_post(self, service_sid: str, members: str) -> Row:
        """Put a sender of the account into the service; a name becomes a sender by that."""
        service, form = find_service(self, service_sid), last_values(self.form())
        index = self._name(form) if members == "AlphaSenders" else self._owned(form, members)
        present = self.account.profile.senders[index].service
        if present >= 0:
            code, what = (21710, "already in") if present == service else (21712, "in another service than")
            raise ApiError(409, code, f"The sender is {what} the messaging service {service_sid}.")
        self.account.change({"op": "member", "sender": index, "service": service})
        self.set_status(201)
        rows = _MEMBERS[members][1](self.account, service, self.base())
        return find_row(rows, self.account.sender_sids[index], self.request.path)

    def _owned(self, form: Mapping[str, str], members: str) -> int:
        field = "PhoneNumberSid" if members == "PhoneNumbers" else "ShortCodeSid"
        index = self.account.inventory.sender_by_sid(form.get(field, ""))
        if index is None or self.account.profile.senders[index].kind not in _KINDS[members]:
            raise ApiError(400, 21421, f"{field} {form.get(field, '')!r} is no sender of this account.")
        return index

    def _name(self, form: Mapping[str, str]) -> int:
        name = form.get("AlphaSender", "")
        if address_kind(name) != "alphanumeric":
            raise ApiError(400, 21709, f"Alpha Sender ID {name!r} is invalid.")
        index = self.account.inventory.sender_index(name)
        if index is None:
            sender = Sender(name, "alphanumeric", "GB", 10, label=name)
            sid = derive_sid(self.account.sid, "AI", f"{name}:{self.now}")
            self.account.change({"op": "add_sender", "sender": list(sender), "sid": sid})
            index = len(self.account.sender_sids) - 1
        return index


class OneServiceMember(ListHandler):
    """One of :class:`ServiceMembers`."""

    def on_get(self, service_sid: str, members: str, sid: str) -> Row:
        rows = _MEMBERS[members][1](self.account, find_service(self, service_sid), self.base())
        return find_row(rows, sid, self.request.path)

    def on_delete(self, service_sid: str, members: str, sid: str) -> None:
        """Take a sender out of the service; a number stays in the account, a name goes with it."""
        self.on_get(service_sid, members, sid)
        index = self.account.sender_sids.index(sid)
        if members == "AlphaSenders":
            self.account.change({"op": "remove_sender", "sender": index})
        else:
            self.account.change({"op": "member", "sender": index, "service": NO_SERVICE})
        self.set_status(204)


def find_service(handler: ApiHandler, sid: str) -> int:
    """The index of the service with a SID, or 404/20404."""
    service = handler.account.inventory.service_by_sid(sid)
    if service is None:
        raise not_found(handler.request.path)
    return service


def service_rows(ledger: Ledger, base: str) -> list[Row]:
    """The account's messaging services."""
    rows = []
    for index, service in ledger.inventory.services():
        sid = ledger.service_sids[index]
        url = f"{base}/v1/Services/{sid}"
        row = {
            "sid": sid,
            "account_sid": ledger.sid,
            "friendly_name": service.name,
            "date_created": iso8601(ledger.opened_at),
            "date_updated": iso8601(ledger.opened_at),
            "inbound_request_url": None,
            "inbound_method": "POST",
            "fallback_url": None,
            "fallback_method": "POST",
            "status_callback": None,
            "sticky_sender": True,
            "mms_converter": True,
            "smart_encoding": service.smart_encoding,
            "scan_message_content": "inherit",
            "fallback_to_long_code": False,
            "area_code_geomatch": True,
            "synchronous_validation": False,
            "validity_period": 36_000,
            "url": url,
            "links": {name: f"{url}/{part}" for name, part in _LINKS.items()},
            "usecase": service.usecase,
            "us_app_to_person_registered": bool(numbers_in(ledger, index, "long code")),
            "use_inbound_webhook_on_number": False,
        }
        rows.append(row | ledger.settings.get(sid, {}))
    return rows


def numbers_in(ledger: Ledger, service: int, *kinds: str) -> list[int]:
    """The indexes of a service's senders of some kinds."""
    return [index for index, sender in ledger.inventory.members(service) if sender.kind in kinds]


def _member(ledger: Ledger, service: int, index: int, base: str, part: str) -> Row:
    sid = ledger.sender_sids[index]
    return {
        "sid": sid,
        "account_sid": ledger.sid,
        "service_sid": ledger.service_sids[service],
        "date_created": iso8601(ledger.opened_at),
        "date_updated": iso8601(ledger.opened_at),
        "url": f"{base}/v1/Services/{ledger.service_sids[service]}/{part}/{sid}",
    }


def phone_number_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    return [
        _member(ledger, service, index, base, "PhoneNumbers")
        | {
            "phone_number": ledger.profile.senders[index].address,
            "country_code": ledger.profile.senders[index].country,
            "capabilities": ["Voice", "SMS", "MMS"],
        }
        for index in numbers_in(ledger, service, *_KINDS["PhoneNumbers"])
    ]


def short_code_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    return [
        _member(ledger, service, index, base, "ShortCodes")
        | {
            "short_code": ledger.profile.senders[index].address,
            "country_code": ledger.profile.senders[index].country,
            "capabilities": ["SMS", "MMS"],
        }
        for index in numbers_in(ledger, service, *_KINDS["ShortCodes"])
    ]


def alpha_sender_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    return [
        _member(ledger, service, index, base, "AlphaSenders")
        | {"alpha_sender": ledger.profile.senders[index].address, "capabilities": ["SMS"]}
        for index in numbers_in(ledger, service, *_KINDS["AlphaSenders"])
    ]


_MEMBERS: dict[str, tuple[str, Callable[[Ledger, int, str], list[Row]]]] = {
    "PhoneNumbers": ("phone_numbers", phone_number_rows),
    "ShortCodes": ("short_codes", short_code_rows),
    "AlphaSenders": ("alpha_senders", alpha_sender_rows),
}
