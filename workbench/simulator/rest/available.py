"""Phone numbers for sale: 100 invented ones for each area code that the simulated world knows.

They are the numbers 555-0100 to 555-0199, which nobody has; those that the account or one of its subaccounts
has are missing. What is listed here can be bought (`numbers.py`).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from workbench.simulator.account.market import SOLD_IN, numbers_for_sale
from workbench.simulator.account.rows import API_VERSION
from workbench.simulator.errors import bad_value, not_found
from workbench.simulator.rest.base import ApiHandler
from workbench.simulator.rest.numbers import number_pattern
from workbench.simulator.rest.paging import page_request
from workbench.simulator.traffic.world import COUNTRIES, COUNTRY_INDEX, Country

_KINDS = {"Local": "local", "TollFree": "toll_free"}
_MOST = 1000


class AvailableCountries(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/AvailablePhoneNumbers.json`"""

    def on_get(self) -> dict[str, Any]:
        base = _base(self.account.sid)
        rows = [_country_row(COUNTRIES[COUNTRY_INDEX[iso]], base) for iso in SOLD_IN]
        return {"countries": rows, "uri": f"{base}.json"}


class AvailableCountry(ApiHandler):
    """`…/AvailablePhoneNumbers/{iso}.json`"""

    def on_get(self, iso: str) -> dict[str, Any]:
        if iso not in SOLD_IN:
            raise not_found(self.request.path)
        return _country_row(COUNTRIES[COUNTRY_INDEX[iso]], _base(self.account.sid))


class AvailableNumbers(ApiHandler):
    """`…/AvailablePhoneNumbers/{iso}/Local.json`, `/TollFree.json`: one page."""

    def on_get(self, iso: str, kind: str) -> dict[str, Any]:
        if iso not in SOLD_IN or kind not in _KINDS:
            raise not_found(self.request.path)
        query = self.query()
        area, contains = query.get("AreaCode", ""), query.get("Contains", "")
        if area and not re.fullmatch(r"[2-9]\d\d", area):
            raise bad_value("AreaCode", area, "It has three digits.")
        wanted = number_pattern(contains)
        owners = self.runtime.account.ledgers
        taken = {sender.address for owner in owners for _, sender in owner.inventory.senders()}
        numbers = (
            number
            for number in numbers_for_sale(iso, kind)
            if number not in taken and number[2:5].startswith(area) and wanted.search(number)
        )
        rows = [_row(number, iso) for number in islice(numbers, min(page_request(query).size, _MOST))]
        return {"available_phone_numbers": rows, "uri": f"{_base(self.account.sid)}/{iso}/{kind}.json"}


def _base(account_sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}/AvailablePhoneNumbers"


def _country_row(country: Country, base: str) -> dict[str, Any]:
    uri = f"{base}/{country.iso}"
    return {
        "beta": False,
        "country": country.name,
        "country_code": country.iso,
        "subresource_uris": {name: f"{uri}/{part}.json" for part, name in _KINDS.items()},
        "uri": f"{uri}.json",
    }


def _row(number: str, iso: str) -> dict[str, Any]:
    return {
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True},
        "friendly_name": f"({number[2:5]}) {number[5:8]}-{number[8:]}",
        "iso_country": iso,
        "lata": None,
        "latitude": None,
        "locality": None,
        "longitude": None,
        "phone_number": number,
        "postal_code": None,
        "rate_center": None,
        "region": None,
    }
