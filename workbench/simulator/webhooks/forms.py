"""The forms that Twilio posts to a customer's server: status callbacks and inbound messages. Pure.

It decides the fields and values, the address, and the number of attempts. Posting is in
:mod:`workbench.simulator.webhooks.callbacks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from workbench.messaging.addresses import country
from workbench.messaging.keywords import keyword
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.messages import INBOUND, Message, shown_contact, state_at
from workbench.simulator.traffic.templates import body_text

Form = dict[str, str]

_OPT_OUT_TYPES = {"opt-out": "STOP", "opt-in": "START", "help": "HELP"}


@dataclass(frozen=True)
class Urls:
    """Default addresses, for messages without an address whose number or service has none either."""

    status: str | None = None
    inbound: str | None = None

    def with_(self, **changes: str | None) -> Urls:
        return replace(self, **changes)


def status_url(ledger: Ledger, message: Message, urls: Urls) -> str | None:
    """The address for a message's status: its own StatusCallback, else its service's, else the default."""
    own = ledger.callback_urls.get(message.serial)
    return own or _service_setting(ledger, message, "status_callback") or urls.status


def inbound_url(ledger: Ledger, message: Message, urls: Urls) -> str | None:
    """The address for an inbound message: the service's, or the number's if the service is set so."""
    number = ledger.settings.get(ledger.sender_sids[message.sender], {}).get("sms_url")
    service = _service_setting(ledger, message, "inbound_request_url")
    if _service_setting(ledger, message, "use_inbound_webhook_on_number"):
        service = None
    return service or number or urls.inbound


def _service_setting(ledger: Ledger, message: Message, name: str) -> str | None:
    if message.service < 0:
        return None
    value = ledger.settings.get(ledger.service_sids[message.service], {}).get(name)
    return str(value) if value else None


def status_form(ledger: Ledger, message: Message, status: str, at: int) -> Form:
    """The fields of one status callback."""
    sid = ledger.rows.sid(message)
    form = {
        "AccountSid": ledger.sid,
        "ApiVersion": API_VERSION,
        "MessageSid": sid,
        "MessageStatus": status,
        "SmsSid": sid,
        "SmsStatus": status,
        "To": shown_contact(message, at),
    }
    if state_at(message, at).has_sender:
        form["From"] = ledger.profile.senders[message.sender].address
    if message.service >= 0:
        form["MessagingServiceSid"] = ledger.service_sids[message.service]
    if status in ("failed", "undelivered") and message.error:
        form["ErrorCode"] = str(message.error)
    if message.contact.startswith("whatsapp:"):
        form |= {
            "ChannelInstallSid": derive_sid(ledger.sid, "XE", "whatsapp"),
            "ChannelPrefix": "whatsapp",
            "EventType": status.upper(),
        }
    elif status in ("delivered", "undelivered"):
        # The carrier's clock, without a zone.
        form["RawDlrDoneDate"] = datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M")
    return form


def inbound_form(ledger: Ledger, message: Message, base_url: str) -> Form:
    """The fields of one inbound webhook; `base_url` is the beginning of media addresses."""
    sid, sender = ledger.rows.sid(message), ledger.profile.senders[message.sender]
    form = {
        "AccountSid": ledger.sid,
        "ApiVersion": API_VERSION,
        "Body": body_text(message.body),
        "From": message.contact,
        "MessageSid": sid,
        "NumMedia": str(message.media),
        "NumSegments": str(message.segments),
        "ReferralNumMedia": "0",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": sender.address,
    }
    if message.service >= 0:
        form["MessagingServiceSid"] = ledger.service_sids[message.service]
        meaning = keyword(form["Body"])
        # The opt-outs of toll-free numbers are the network's, so Advanced Opt-Out does not name them.
        if meaning is not None and sender.kind != "toll-free":
            form["OptOutType"] = _OPT_OUT_TYPES[meaning]
    for index, media_sid in ledger.media_of(message):
        path = f"/{API_VERSION}/Accounts/{ledger.sid}/Messages/{sid}/Media/{media_sid}"
        form[f"MediaUrl{index}"] = base_url + path
        form[f"MediaContentType{index}"] = "image/png"
    if sender.kind == "whatsapp":
        number = message.contact.partition(":")[2]
        form |= {"ProfileName": "Customer", "WaId": number.lstrip("+"), "MessageType": "text"}
    else:
        form |= _places("From", message.contact) | _places("To", sender.address)
    return form | ledger.webhook_fields.get(message.serial, {})


def _places(side: str, address: str) -> Form:
    return {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": country(address) or ""}


def twiml_messages(text: str) -> Iterator[tuple[str, int]]:
    """Body and number of media of each message in a TwiML answer; nothing if the text is not TwiML."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return
    for element in root.iter("Message"):
        body = element.findtext("Body")
        yield (body if body is not None else element.text or "").strip(), len(element.findall("Media"))


@dataclass(frozen=True)
class RetryRule:
    """How often Twilio retries and after which failures, from the address's fragment (`#rc=3&rp=5xx,rt`)."""

    times: int = 1
    after: frozenset[str] = frozenset({"ct"})

    def allows(self, attempt: int, trouble: str) -> bool:
        """Whether to try again after the attempt (0 is the first) failed as `ct`, `rt`, `4xx` or `5xx`."""
        return attempt < self.times and (trouble in self.after or "all" in self.after)


def retry_rule(url: str) -> RetryRule:
    overrides = parse_qs(urlsplit(url).fragment)
    count = overrides.get("rc", ["1"])[-1]
    times = min(5, int(count)) if count.isdigit() else 1
    return RetryRule(times, frozenset(overrides.get("rp", ["ct"])[-1].split(",")))


def is_inbound(message: Message) -> bool:
    return message.direction == INBOUND
