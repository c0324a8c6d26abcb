"""Accounts and balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.rest.base import ApiHandler
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page

_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "balance": "Balance",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "messages": "Messages",
    "short_codes": "SMS/ShortCodes",
    "usage": "Usage",
}


class Accounts(ApiHandler):
    """`/2010-04-01/Accounts.json`: the caller's own account and its subaccounts."""

    def on_get(self) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        mine = [ledger for ledger in self.runtime.account.ledgers if ledger.owner_sid == self.account.sid]
        rows = [account_row(ledger) for ledger in (mine or [self.account])]
        rows = [row for row in rows if _fits(row, query)]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        return envelope(
            "accounts", chosen, page, PageUris(self.request.path, self.request.query, page), first, last
        )


class OneAccount(ApiHandler):
    """`/2010-04-01/Accounts/{AC}.json`"""

    def on_get(self) -> dict[str, Any]:
        return account_row(self.account)


def account_row(ledger: Ledger) -> dict[str, Any]:
    """The resource, with its auth token as the real one has it."""
    uri = f"/{API_VERSION}/Accounts/{ledger.sid}"
    return {
        "auth_token": ledger.auth_token,
        "date_created": rfc2822(ledger.opened_at),
        "date_updated": rfc2822(ledger.opened_at),
        "friendly_name": ledger.profile.name,
        "owner_account_sid": ledger.owner_sid,
        "sid": ledger.sid,
        "status": "active",
        "subresource_uris": {name: f"{uri}/{part}.json" for name, part in _SUBRESOURCES.items()},
        "type": "Full",
        "uri": f"{uri}.json",
    }


def _fits(row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    wanted = {"FriendlyName": "friendly_name", "Status": "status"}
    return all(row[field] == query[name] for name, field in wanted.items() if query.get(name))
