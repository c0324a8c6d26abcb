"""The senders in a messaging service (messaging v1): numbers, short codes and names join and leave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workbench.messaging.addresses import address_kind
from workbench.simulator.account.inventory import NO_SERVICE
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import ApiError
from workbench.simulator.rest.base import last_values
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.services import ListHandler, Row, find_service, numbers_in
from workbench.simulator.traffic.profile import Sender

_KINDS = {
    "PhoneNumbers": ("long code", "toll-free"),
    "ShortCodes": ("short code",),
    "AlphaSenders": ("alphanumeric",),
}


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
