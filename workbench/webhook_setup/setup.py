"""Reads Twilio's webhook settings and changes them; each change is written to the audit trail first."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import ConfigError, TwilioError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.roles import require_role
from workbench.settings import Settings
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import (
    NUMBERS,
    SERVICE_NUMBERS,
    SERVICE_SHORT_CODES,
    SERVICES,
    SHORT_CODES,
    Resource,
    list_rows,
    set_values,
)
from workbench.webhook_setup.plan import SenderPlan, plan, without_password
from workbench.webhook_setup.prove import Proof, prove

_RESOURCES = {"messaging service": SERVICES, "phone number": NUMBERS, "short code": SHORT_CODES}


@dataclass(frozen=True)
class Connection:
    """The planned changes, the proofs, and the changes that were made."""

    public_url: str
    plans: Sequence[SenderPlan]
    proofs: Sequence[Proof]
    changed: Sequence[SenderPlan] = ()
    failures: Sequence[str] = ()
    notices: Sequence[str] = field(default=())
    unread: Sequence[str] = ()
    """What Twilio did not list, with its reason: nothing of it is planned."""

    @property
    def is_proven(self) -> bool:
        return all(proof.is_good for proof in self.proofs)

    @property
    def pending(self) -> list[SenderPlan]:
        """The plans whose changes Twilio does not have yet."""
        done = {item.sid for item in self.changed}
        return [item for item in self.plans if item.changes and item.sid not in done]


def connect(
    settings: Settings,
    client: TwilioClient,
    open_lake: Callable[[], Lake],
    *,
    confirm: bool = False,
    prover: Callable[..., list[Proof]] = prove,
) -> Connection:
    """Show what must be set at Twilio and prove that our address works; with ``confirm`` also set it.

    Nothing is set if a proof fails, because Twilio would send messages to an address that does not accept
    them.

    Raises:
        ConfigError: there is no public address, Twilio cannot use it, or there is no secret for signatures.
        NotAllowed: the user is not an admin.
        TwilioError: none of Twilio's settings can be read.
    """
    person = require_role("admin", "set webhooks at Twilio")
    public_url, notices = check_public_url(settings)
    secrets = settings.credentials.webhook_secrets
    if not secrets:
        raise ConfigError(
            "Webhooks are signed with the account's auth token, which is not set: set TWILIO_AUTH_TOKEN as "
            "well (the API key goes on being used for everything else)."
        )
    listed = read_webhooks(client)
    notices += listed.notices
    plans = plan(public_url, listed.services, listed.numbers, listed.short_codes, listed.members)
    proofs = prover(public_url, secrets)
    connection = Connection(public_url, plans, proofs, notices=notices, unread=listed.unread)
    if not confirm or not connection.is_proven or not connection.pending:
        return connection
    changed, failures = _apply(client, open_lake(), connection.pending, person.actor)
    return Connection(public_url, plans, proofs, changed, failures, notices, listed.unread)


def check_public_url(settings: Settings) -> tuple[str, list[str]]:
    """The public address, and warnings about it.

    Raises:
        ConfigError: there is none, or Twilio does not accept it.
    """
    url = settings.public_url
    if url is None:
        raise ConfigError(
            "WORKBENCH_PUBLIC_URL is not set: it says where Twilio reaches the hooks, as "
            "https://sms.example.com. A proxy (docs/deploy.md) or, on a laptop, a tunnel gives you one: "
            "`cloudflared tunnel --url http://127.0.0.1:5007`."
        )
    host = urlsplit(url).hostname or ""
    if "_" in host:
        raise ConfigError(f"WORKBENCH_PUBLIC_URL is {url!r}: Twilio does not call a host with an underscore.")
    notices = []
    if _is_private(host) and settings.twilio.base_url is None:
        notices.append(f"{host} is an address of your own network; Twilio cannot reach it.")
    if url.startswith("http:") and not _is_private(host):
        notices.append("Messages will come over plain http: anybody on the way can read them. Use https.")
    if settings.sync.subaccounts:
        notices.append("Subaccounts are not connected: run this with the credentials of each.")
    return url, notices


def is_private_host(url: str) -> bool:
    """Whether an address leads to this machine or network, where Twilio cannot come."""
    return _is_private(urlsplit(url).hostname or "")


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host


@dataclass
class TwilioWebhooks:
    """Services, numbers and short codes as Twilio lists them, and the service of each sender."""

    services: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[dict[str, Any]] = field(default_factory=list)
    short_codes: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    """The service's SID, by the SID of the sender."""
    notices: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What could not be read, each in a sentence."""


def read_webhooks(client: TwilioClient) -> TwilioWebhooks:
    """Everything at Twilio that says where messages and statuses go: each list that can be read.

    Raises:
        TwilioError: none can be read; the first error.
    """
    listed = TwilioWebhooks()
    errors: list[TwilioError] = []

    def read(resource: Resource, what: str, **parts: str) -> list[dict[str, Any]]:
        """The rows that can be set; of the others it is said how many there are, or why there are none."""
        try:
            rows = list(list_rows(client, resource, client.account_sid, None, **parts))
        except TwilioError as error:
            errors.append(error)
            listed.unread.append(f"{what} could not be read: {error}")
            return []
        usable = [row for row in rows if isinstance(row, dict) and _is_sid(row.get("sid"))]
        if len(usable) < len(rows):
            listed.notices.append(
                f"{len(rows) - len(usable)} of {len(rows)} {what} that Twilio lists have no SID that can be "
                "read. They were left out: look at them in Twilio's console."
            )
        return usable

    listed.services = read(SERVICES, "messaging services")
    for service in listed.services:
        for resource in (SERVICE_NUMBERS, SERVICE_SHORT_CODES):
            rows = read(resource, f"senders of {service['sid']}", service_sid=service["sid"])
            listed.members |= {row["sid"]: service["sid"] for row in rows}
    listed.numbers = read(NUMBERS, "phone numbers")
    listed.short_codes = read(SHORT_CODES, "short codes")
    if errors and not (listed.services or listed.numbers or listed.short_codes):
        raise errors[0]
    if any(what.startswith(("messaging services", "senders of")) for what in listed.unread):
        listed.notices.append(
            "Which numbers are in a messaging service is not known for all of them; those are shown as if "
            "they were in none. Messages to a number in a service go where the service says."
        )
    return listed


_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def _is_sid(value: object) -> bool:
    return isinstance(value, str) and _SID.fullmatch(value) is not None


def _apply(
    client: TwilioClient, lake: Lake, plans: Sequence[SenderPlan], actor: str
) -> tuple[list[SenderPlan], list[str]]:
    """Set one after the other; a failure does not stop the others."""
    changed, failures = [], []
    for item in plans:
        try:
            _set(client, lake, item, actor)
            changed.append(item)
        except TwilioError as error:
            failures.append(f"{item.kind} {item.name} ({item.sid}): {error}")
    return changed, failures


def _set(client: TwilioClient, lake: Lake, item: SenderPlan, actor: str) -> None:
    fields = {
        change.field: [without_password(change.old), without_password(change.new)] for change in item.changes
    }
    _note(lake, actor, item, {"fields": fields, "outcome": "asked"})
    try:
        answer = set_values(client, _resource(item), client.account_sid, item.sid, item.form)
    except TwilioError as error:
        _note(lake, actor, item, {"outcome": "refused", "error": str(error)})
        raise
    if wrong := list(_not_taken(answer, item)):
        _note(lake, actor, item, {"outcome": "not taken", "fields": wrong})
        raise TwilioError(f"Twilio answered, but did not take {', '.join(wrong)}. Look at it in the console.")


def _resource(item: SenderPlan) -> Resource:
    return _RESOURCES[item.kind]


def _not_taken(answer: dict[str, Any], item: SenderPlan) -> Iterator[str]:
    """The fields whose new value is not in Twilio's answer."""
    for change in item.changes:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in change.field)
        value = answer.get(name.lstrip("_"))
        if ("" if value is None else str(value).lower()) != change.new.lower():
            yield change.field


def _note(lake: Lake, actor: str, item: SenderPlan, detail: dict[str, Any]) -> None:
    subject = f"{item.kind} {item.name} {item.sid}"
    lake.write(lambda cursor: append_audit(cursor, "connect", actor=actor, subject=subject, detail=detail))
