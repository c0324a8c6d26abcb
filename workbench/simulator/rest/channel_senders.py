"""WhatsApp and RCS senders of the account (messaging v2)."""

from __future__ import annotations

from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.errors import ApiError
from workbench.simulator.rest.numbers import find_row
from workbench.simulator.rest.services import ListHandler
from workbench.simulator.traffic.profile import Sender

_CHANNELS = ("whatsapp", "rcs")


class ChannelSenders(ListHandler):
    """`/v2/Channels/Senders?Channel=whatsapp`"""

    def on_get(self) -> dict[str, Any]:
        channel = self.query().get("Channel", "")
        if channel not in _CHANNELS:
            raise ApiError(400, 20001, f"Channel is {channel!r}; it is one of {', '.join(_CHANNELS)}")
        rows = channel_sender_rows(self.account, self.base())
        return self.page_of("senders", [row for row in rows if row["sender_id"].startswith(f"{channel}:")])


class OneChannelSender(ListHandler):
    """`/v2/Channels/Senders/{XE}`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        return find_row(channel_sender_rows(self.account, self.base()), sid, self.request.path)


def channel_sender_rows(ledger: Ledger, base: str) -> list[dict[str, Any]]:
    """Every sender of an account that is not one of SMS, as the API shows it."""
    owned = zip(ledger.profile.senders, ledger.sender_sids, strict=True)
    return [_row(ledger, sender, sid, base) for sender, sid in owned if sender.kind in _CHANNELS]


def _row(ledger: Ledger, sender: Sender, sid: str, base: str) -> dict[str, Any]:
    is_whatsapp = sender.kind == "whatsapp"
    return {
        "sid": sid,
        "sender_id": sender.address,
        "status": "ONLINE" if sender.registered else "OFFLINE",
        "configuration": {
            "waba_id": "100000000000001" if is_whatsapp else None,
            "verification_method": None,
            "verification_code": None,
            "voice_application_sid": None,
        },
        "webhook": {
            "callback_url": None,
            "callback_method": "POST",
            "fallback_url": None,
            "fallback_method": "POST",
            "status_callback_url": None,
            "status_callback_method": "POST",
        },
        "profile": {"name": sender.label, "about": None, "description": None, "websites": []},
        "properties": {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"}
        if is_whatsapp
        else None,
        "offline_reasons": None,
        "compliance": None if is_whatsapp else {"registration_sid": None, "countries": []},
        "url": f"{base}/v2/Channels/Senders/{sid}",
    } | ledger.settings.get(sid, {})
