"""Prices by country (pricing v1): the same tables that the account is charged by, without carrier fees."""

from __future__ import annotations

from decimal import Decimal

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.errors import not_found
from workbench.simulator.rest.paging import PageUris, meta_envelope, page_request, slice_page
from workbench.simulator.rest.services import ListHandler, Row
from workbench.simulator.traffic.world import COUNTRIES, COUNTRY_INDEX, UNIT, Country

_NUMBER_TYPES = ("local", "toll free", "short code")


class Countries(ListHandler):
    """`/v1/Messaging/Countries`"""

    def on_get(self) -> Row:
        page = page_request(self.query())
        rows = [_summary(country, self.base()) for country in COUNTRIES]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["iso_country"]))
        uris = PageUris(self.base() + self.request.path, self.request.query, page)
        return meta_envelope("countries", chosen, page, uris, first, last)


class OneCountry(ListHandler):
    """`/v1/Messaging/Countries/{IsoCountry}`"""

    def on_get(self, iso: str) -> Row:
        if iso not in COUNTRY_INDEX:
            raise not_found(self.request.path)
        country = COUNTRIES[COUNTRY_INDEX[iso]]
        return _summary(country, self.base()) | {
            "outbound_sms_prices": [
                {
                    "carrier": f"{country.name} - all networks",
                    "mcc": "",
                    "mnc": "",
                    "prices": [_price(self.account, country.outbound, kind) for kind in _NUMBER_TYPES[:1]],
                }
            ],
            "inbound_sms_prices": [_price(self.account, country.inbound, kind) for kind in _NUMBER_TYPES],
            "price_unit": self.account.profile.currency,
        }


def _summary(country: Country, base: str) -> Row:
    url = f"{base}/v1/Messaging/Countries/{country.iso}"
    return {"country": country.name, "iso_country": country.iso, "url": url}


def _price(ledger: Ledger, units: int, number_type: str) -> Row:
    price = Decimal(round(units * ledger.profile.price_factor)) / UNIT
    return {"base_price": f"{price:f}", "current_price": f"{price:f}", "number_type": number_type}
