"""Messaging services (messaging v1): create, list, change, delete. Their senders are in `members.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import bad_value, not_found
from workbench.simulator.rest.base import ApiHandler, last_values
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.paging import PageUris, meta_envelope, page_request, slice_page
from workbench.simulator.traffic.profile import Service

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
