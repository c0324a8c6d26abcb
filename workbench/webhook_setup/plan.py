"""What must change at Twilio so that every message reaches us, and which setting overrides which. Pure.

Twilio's rules, from its API reference. Messages to a number in a messaging service go to the service's
inbound address, unless the service is set to "use the webhook on the number". Messages to another number go
to its own `SmsUrl`, unless it has an SMS application (`SmsApplicationSid`), which then applies. The status of
a message goes to the address in the message, else to the service's `StatusCallback`. A number's own
`StatusCallback` is for phone calls and is not changed: messages of a number without a service have the
address themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from workbench.messaging.addresses import mask
from workbench.settings import INBOUND_PATH, STATUS_PATH

Kind = Literal["messaging service", "phone number", "short code"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class WebhookChange:
    """One field: its name in Twilio's form, its present value and its new value ("" clears it)."""

    field: str
    old: str
    new: str
    why: str = ""

    @property
    def shown(self) -> str:
        because = f"  ({self.why})" if self.why else ""
        return f"{self.field}: {_shown(self.old)} → {_shown(self.new)}{because}"


@dataclass(frozen=True)
class SenderPlan:
    """One sender or service. Without changes it is right already, or `answered_by` says why not."""

    kind: Kind
    sid: str
    name: str
    changes: tuple[WebhookChange, ...] = ()
    answered_by: str = ""

    @property
    def form(self) -> dict[str, str]:
        """What to send to Twilio."""
        return {change.field: change.new for change in self.changes}


def plan(
    public_url: str,
    services: Iterable[Row],
    numbers: Iterable[Row],
    short_codes: Iterable[Row],
    members: Mapping[str, str],
) -> list[SenderPlan]:
    """What to set at each messaging service, number and short code.

    Args:
        services, numbers, short_codes: as Twilio lists them.
        members: the service's SID of each number and short code that is in one, by its SID.
    """
    listed = list(services)
    names = {row["sid"]: row.get("friendly_name") or row["sid"] for row in listed}
    plans = [_service(row, public_url) for row in listed]
    for kind, rows in (("phone number", numbers), ("short code", short_codes)):
        for row in rows:
            service = members.get(row["sid"])
            plans.append(_sender(kind, row, public_url, names.get(service or "")))  # type: ignore[arg-type]
    return plans


def _service(row: Row, public_url: str) -> SenderPlan:
    wanted = [
        ("InboundRequestUrl", "inbound_request_url", public_url + INBOUND_PATH, "for every sender in it"),
        ("InboundMethod", "inbound_method", "POST", ""),
        (
            "UseInboundWebhookOnNumber",
            "use_inbound_webhook_on_number",
            "false",
            "each number's own SmsUrl overrides the service while this is true",
        ),
        ("StatusCallback", "status_callback", public_url + STATUS_PATH, "for messages that name no other"),
    ]
    return SenderPlan(
        "messaging service", row["sid"], row.get("friendly_name") or row["sid"], _changes(row, wanted)
    )


def _sender(kind: Kind, row: Row, public_url: str, service: str | None) -> SenderPlan:
    address = str(row.get("phone_number") or row.get("short_code") or "")
    name = mask(address)
    if service:
        return SenderPlan(
            kind, row["sid"], name, answered_by=f"the messaging service {service!r} overrides it"
        )
    capabilities = row.get("capabilities")
    if isinstance(capabilities, Mapping) and not capabilities.get("sms", True):
        return SenderPlan(kind, row["sid"], name, answered_by="it cannot receive messages")
    wanted = [
        ("SmsUrl", "sms_url", public_url + INBOUND_PATH, ""),
        ("SmsMethod", "sms_method", "POST", ""),
    ]
    if row.get("sms_application_sid"):
        wanted.append(("SmsApplicationSid", "sms_application_sid", "", "it overrides SmsUrl"))
    return SenderPlan(kind, row["sid"], name, _changes(row, wanted))


def _changes(row: Row, wanted: Iterable[tuple[str, str, str, str]]) -> tuple[WebhookChange, ...]:
    changes = (WebhookChange(field, _text(row.get(name)), new, why) for field, name, new, why in wanted)
    return tuple(change for change in changes if change.old != change.new)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def without_password(url: str) -> str:
    """An address without the user and password that it may contain."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc="***@" + parts.netloc.rpartition("@")[2]))


def _shown(value: str) -> str:
    return without_password(value) or "(none)"
