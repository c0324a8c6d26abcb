"""Message resources as Twilio sends them, for tests that need just a few."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ACCOUNT = "AC" + "0" * 32
SENDER = "+12025550110"
CONTACT = "+14155550123"


def twilio_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


def payload(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An outbound, delivered and priced message of 2026-09-01 12:00 UTC; `changes` replace fields.

    Dates may be given as datetimes.
    """
    message: dict[str, Any] = {
        "sid": f"SM{number:032x}",
        "account_sid": ACCOUNT,
        "messaging_service_sid": None,
        "from": SENDER,
        "to": CONTACT,
        "body": "Your parcel is on its way.",
        "status": "delivered",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": "-0.00830",
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": datetime(2026, 9, 1, 12, tzinfo=UTC),
        "date_sent": datetime(2026, 9, 1, 12, tzinfo=UTC),
        "date_updated": datetime(2026, 9, 1, 12, 0, 5, tzinfo=UTC),
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{number:032x}.json",
        "subresource_uris": {},
        **changes,
    }
    return {
        name: twilio_date(value) if isinstance(value, datetime) else value for name, value in message.items()
    }
