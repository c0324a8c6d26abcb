"""What a message will cost, estimated from what messages of the same kind to the same country did cost
lately.

Our own prices hold everything, carrier fees too. Where there are none yet, the price list stands in: its
highest rate for the country, without carrier fees. An estimate carries where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import duckdb

from workbench.sending.verdicts import Price

RECENT = timedelta(days=60)

_NOT_SMS = ("whatsapp", "rcs", "messenger")
"""Kinds of senders that the price list does not know, and that bill messages and not segments."""

Kind = tuple[str, str | None, bool]
"""Country, kind of sender (None: whichever a service picks), whether it has attachments."""


@dataclass(frozen=True)
class PriceBook:
    """Prices by kind of message."""

    own: Mapping[Kind, Price]
    listed: Mapping[str, Price]

    def find(self, country: str | None, sender_type: str | None, with_media: bool) -> Price | None:
        """The nearest price there is; the list knows SMS only, and other channels cost what they cost."""
        if country is None:
            return None
        if sender_type in _NOT_SMS:
            kinds = ((country, sender_type, with_media), (country, sender_type, not with_media))
            return next((self.own[kind] for kind in kinds if kind in self.own), None)
        for kind in ((country, sender_type, with_media), (country, None, with_media)):
            if kind in self.own:
                return self.own[kind]
        return None if with_media else self.listed.get(country)


def read_prices(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, countries: Iterable[str], now: datetime
) -> PriceBook:
    """Prices to these countries."""
    wanted = sorted(set(countries))
    return PriceBook(_own(cursor, account_sid, wanted, now), _listed(cursor, account_sid, wanted))


def _own(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, countries: list[str], now: datetime
) -> dict[Kind, Price]:
    """The mean of the last weeks; a channel that bills messages is told by its kind."""
    rows = cursor.execute(_OWN_SQL, {"account": account_sid, "countries": countries, "since": now - RECENT})
    prices: dict[Kind, Price] = {}
    for country, sender_type, with_media, spend, segments, messages, currency in rows.fetchall():
        per_message = with_media or sender_type in _NOT_SMS
        per_unit = (Decimal(spend) / (messages if per_message else segments)).quantize(Decimal("0.000001"))
        source = f"mean of {messages:,} own messages of the last {RECENT.days} days"
        prices[country, sender_type, with_media] = Price(per_unit, currency, source, per_message)
    return prices


#: Where there are several currencies, the one with the most messages; currencies are never added.
_OWN_SQL = """
    with priced as (
        select country, sender_type, coalesce(media_count, 0) > 0 as with_media, spend,
               greatest(coalesce(segments, 1), 1) as segments, currency
        from message_facts
        where is_outbound and spend > 0 and currency is not null and account_sid = $account
          and country in (select unnest($countries::varchar[])) and date_created >= $since::timestamptz
    )
    select country, sender_type, with_media, sum(spend), sum(segments), count(*), currency
    from priced group by grouping sets (
        (country, sender_type, with_media, currency), (country, with_media, currency)
    )
    qualify row_number() over (
        partition by country, sender_type, with_media order by count(*) desc, currency
    ) = 1
"""


def _listed(cursor: duckdb.DuckDBPyConnection, account_sid: str, countries: list[str]) -> dict[str, Price]:
    rows = cursor.execute(
        "select country, max(current_price), any_value(currency) from prices "
        "where direction = 'outbound' and current_price is not null and currency is not null "
        "and account_sid = ? and country in (select unnest(?::varchar[])) group by country",
        [account_sid, countries],
    )
    source = "highest of the price list, without carrier fees"
    return {country: Price(price, currency, source) for country, price, currency in rows.fetchall()}
