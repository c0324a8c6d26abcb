"""Messaging services and the senders in them (messaging v1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import iso8601
from workbench.simulator.errors import not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.paging import PageUris, meta_envelope, page_request, slice_page

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
    """`/v1/Services`"""

    def on_get(self) -> Row:
        return self.page_of("services", service_rows(self.account, self.base()))


class OneService(ListHandler):
    """`/v1/Services/{MG}`"""

    def on_get(self, sid: str) -> Row:
        return find_row(service_rows(self.account, self.base()), sid, self.request.path)

    def on_post(self, sid: str) -> Row:
        self.on_get(sid)
        form = last_values(self.form())
        values: Row = {_SETTABLE[name]: value or None for name, value in form.items() if name in _SETTABLE}
        values |= {
            _SWITCHES[name]: value.lower() == "true" for name, value in form.items() if name in _SWITCHES
        }
        values["date_updated"] = iso8601(self.now)
        self.account.change({"op": "settings", "sid": sid, "values": values})
        return self.on_get(sid)


class ServiceMembers(ListHandler):
    """`/v1/Services/{MG}/PhoneNumbers`, `/ShortCodes`, `/AlphaSenders`"""

    def on_get(self, service_sid: str, members: str) -> Row:
        key, rows = _MEMBERS[members]
        return self.page_of(key, rows(self.account, find_service(self, service_sid), self.base()))


class OneServiceMember(ListHandler):
    """One of :class:`ServiceMembers`."""

    def on_get(self, service_sid: str, members: str, sid: str) -> Row:
        rows = _MEMBERS[members][1](self.account, find_service(self, service_sid), self.base())
        return find_row(rows, sid, self.request.path)


def find_service(handler: ApiHandler, sid: str) -> int:
    """The index of the service with a SID, or 404/20404."""
    if sid not in handler.account.service_sids:
        raise not_found(handler.request.path)
    return handler.account.service_sids.index(sid)


def service_rows(ledger: Ledger, base: str) -> list[Row]:
    """The account's messaging services."""
    rows = []
    for index, (service, sid) in enumerate(zip(ledger.profile.services, ledger.service_sids, strict=True)):
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
    members = enumerate(ledger.profile.senders)
    return [index for index, sender in members if sender.service == service and sender.kind in kinds]


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
        for index in numbers_in(ledger, service, "long code", "toll-free")
    ]


def short_code_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    return [
        _member(ledger, service, index, base, "ShortCodes")
        | {
            "short_code": ledger.profile.senders[index].address,
            "country_code": ledger.profile.senders[index].country,
            "capabilities": ["SMS", "MMS"],
        }
        for index in numbers_in(ledger, service, "short code")
    ]


def alpha_sender_rows(ledger: Ledger, service: int, base: str) -> list[Row]:
    return [
        _member(ledger, service, index, base, "AlphaSenders")
        | {"alpha_sender": ledger.profile.senders[index].address, "capabilities": ["SMS"]}
        for index in numbers_in(ledger, service, "alphanumeric")
    ]


_MEMBERS: dict[str, tuple[str, Callable[[Ledger, int, str], list[Row]]]] = {
    "PhoneNumbers": ("phone_numbers", phone_number_rows),
    "ShortCodes": ("short_codes", short_code_rows),
    "AlphaSenders": ("alpha_senders", alpha_sender_rows),
}
