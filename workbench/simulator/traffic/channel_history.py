"""What the demo adds to the generated traffic: a little RCS, and WhatsApp messages that are more than texts.

They are bodies for the control API: of `messages` (described messages, also in the past) and of `inbound`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

RCS_DESK, DESK = "rcs:demoshop_rcs", "whatsapp:+14155550111"
PLACE, CARD, BUTTON = (f"whatsapp:+1206555017{digit}" for digit in (1, 2, 3))
"""Who sends a place, a contact card and a button."""

_READER, _ASKER = "rcs:+12065550174", "rcs:+13125550175"

#: Hours before now, who it is with, whether it came in, its text and how it ended.
_RCS = (
    (50, _READER, False, "Your order 1042 has left our warehouse.", "read"),
    (49, _READER, True, "Thank you!", "received"),
    (27, _ASKER, False, "Your table for two is booked for Friday, 7 pm.", "delivered"),
    (3, _ASKER, True, "Can we come at eight instead?", "received"),
)


def rcs_history(now: datetime) -> list[dict[str, Any]]:
    """Messages of the RCS desk, as the control API takes them."""
    return [
        {
            "contact": contact,
            "sender": RCS_DESK,
            "direction": "inbound" if is_inbound else "outbound-api",
            "body": body,
            "status": "delivered" if status == "read" else status,
            "read": 90 if status == "read" else -1,
            "created": (now - timedelta(hours=hours)).astimezone(UTC).isoformat(timespec="seconds"),
        }
        for hours, contact, is_inbound, body, status in _RCS
    ]


def whatsapp_arrivals() -> list[dict[str, Any]]:
    """Contacts write to the WhatsApp desk without a text, as the control API takes it."""
    fields: tuple[tuple[str, int, str, dict[str, str]], ...] = (
        (
            PLACE,
            0,
            "",
            {
                "MessageType": "location",
                "Latitude": "47.620506",
                "Longitude": "-122.349277",
                "Label": "Space Needle",
                "Address": "400 Broad St, Seattle, WA",
            },
        ),
        (CARD, 1, "", {"MessageType": "contacts"}),
        (
            BUTTON,
            0,
            "Change my order",
            {"MessageType": "button", "ButtonText": "Change my order", "ButtonPayload": "change"},
        ),
    )
    return [
        {"from": contact, "to": DESK, "body": body, "media": media, "fields": values}
        for contact, media, body, values in fields
    ]
