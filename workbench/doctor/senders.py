"""Checks of the senders and messaging services: can they send, and where do the answers to them go?

Whose webhook counts is in :mod:`workbench.webhook_setup.plan`: a service overrides its numbers, an
application overrides a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from workbench.display.formats import money, plural
from workbench.display.names import sender_label
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.webhook_setup.plan import without_password

_NUMBERS = "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming"
_SERVICES = "https://console.twilio.com/us1/develop/sms/services"
_A2P = "https://www.twilio.com/docs/messaging/compliance/a2p-10dlc"
_TOLL_FREE = "https://www.twilio.com/docs/messaging/compliance/toll-free/console-onboarding"
_DEMO_HOST = "demo.twilio.com"
UNUSED_DAYS = 30


class Route(NamedTuple):
    """Where a message to a sender goes: the address, the method, and whose setting that is."""

    url: str
    method: str
    owner: str


def inbound_route(sender: Mapping[str, Any], service: Mapping[str, Any] | None) -> Route:
    """Where Twilio takes a message to this sender. Pure.

    Args:
        sender: a number or short code as Twilio lists it.
        service: its messaging service as Twilio lists it, if it is in one.
    """
    if service and not service.get("use_inbound_webhook_on_number"):
        name = f"messaging service {service_name(service)}"
        return Route(_text(service, "inbound_request_url"), _text(service, "inbound_method"), name)
    if sender.get("sms_application_sid"):
        return Route("", "", f"application {sender['sms_application_sid']}")
    return Route(_text(sender, "sms_url"), _text(sender, "sms_method"), "number")


def check_sms_capable(examination: Examination) -> Iterator[CheckResult]:
    """Every number can send and receive SMS."""
    numbers = examination.webhooks.numbers
    unable = [row for row in numbers if _capabilities(row).get("sms") is False]
    for row in unable:
        yield warning(
            "It can neither send nor receive SMS.",
            "Keep it for calls only, or exchange it for a number with SMS.",
            _NUMBERS,
            sender_name(row),
        )
    if not unable:
        yield fine(f"{plural(len(numbers), 'number')}, all with SMS.") if numbers else skipped("No numbers.")


def check_inbound(examination: Examination) -> Iterator[CheckResult]:
    """What people answer reaches a webhook that takes it."""
    listed = examination.webhooks
    services = {row["sid"]: row for row in listed.services}
    senders = [*listed.numbers, *listed.short_codes]
    results = [
        _inbound_result(
            inbound_route(row, services.get(listed.members.get(row["sid"], ""))),
            examination.settings.public_url,
            sender_name(row),
        )
        for row in senders
    ]
    yield from filter(None, results)
    if not senders:
        yield skipped("No numbers and no short codes.")
    elif not any(results):
        yield fine(f"What people answer to {plural(len(senders), 'sender')} reaches a webhook.")


def _inbound_result(route: Route, public_url: str | None, subject: str) -> CheckResult | None:
    """What is wrong with a route; None if nothing is."""
    repair = "`workbench connect` shows what to set, and sets it with --confirm."
    if not public_url:
        repair = "Set WORKBENCH_PUBLIC_URL to where Twilio reaches this installation; then " + repair
    where = f"({route.owner})"
    if route.owner.startswith("application"):
        evidence = f"The {route.owner} overrides its webhook."
        return warning(evidence, repair, _NUMBERS, subject)
    if not route.url:
        return warning(f"No webhook takes what people answer {where}.", repair, _NUMBERS, subject)
    host = urlsplit(route.url).hostname or ""
    if host == _DEMO_HOST:
        evidence = f"People who answer get Twilio's demo text {where}."
        return failure(evidence, repair, _NUMBERS, subject)
    shown = without_password(route.url)
    if not public_url:
        return None
    if not route.url.startswith(public_url + "/"):
        evidence = f"What people answer goes to {shown} {where}, not to {public_url}."
        return warning(evidence, repair, _NUMBERS, subject)
    if route.method != "POST":
        evidence = f"Twilio calls {shown} with {route.method}; the webhooks here take POST {where}."
        return failure(evidence, repair, _NUMBERS, subject)
    return None


def check_override(examination: Examination) -> Iterator[CheckResult]:
    """No messaging service leaves its webhook to the numbers by accident."""
    services = examination.webhooks.services
    overridden = [
        row for row in services if row.get("use_inbound_webhook_on_number") and row.get("inbound_request_url")
    ]
    for row in overridden:
        yield warning(
            "It has a webhook of its own, and uses those of its numbers instead.",
            "`workbench connect --confirm` turns that off, or clear the service's webhook.",
            f"{_SERVICES}/{row['sid']}",
            service_name(row),
        )
    if not overridden:
        yield _of_services(len(services), "use the webhook that they show")


def check_status_callback(examination: Examination) -> Iterator[CheckResult]:
    """Every messaging service tells what became of its messages."""
    services = examination.webhooks.services
    silent = [row for row in services if not row.get("status_callback")]
    for row in silent:
        yield warning(
            "No status callback is set: what became of a message is seen at the next sync only.",
            "`workbench connect --confirm` sets it.",
            f"{_SERVICES}/{row['sid']}",
            service_name(row),
        )
    if not silent:
        yield _of_services(len(services), "have a status callback")


def check_service_senders(examination: Examination) -> Iterator[CheckResult]:
    """Every messaging service has a sender."""
    rows = examination.lake.rows(
        "select v.friendly_name, v.messaging_service_sid, count(s.sender) from messaging_services v "
        "left join senders s on s.messaging_service_sid = v.messaging_service_sid and s.removed_at is null "
        "where v.removed_at is null group by all order by 1, 2"
    )
    empty = [(name or sid, sid) for name, sid, senders in rows if not senders]
    for name, sid in empty:
        yield warning(
            "It has no sender: what is sent with it fails with 21704.",
            "Add a number to its sender pool, or delete the service.",
            f"{_SERVICES}/{sid}/senders",
            name,
        )
    if not empty:
        yield _of_services(len(rows), "have a sender")


def check_membership(examination: Examination) -> Iterator[CheckResult]:
    """Numbers that need an A2P campaign are in a messaging service, which can have one."""
    rows = examination.lake.rows(
        "select sender, friendly_name from senders where removed_at is null and registration = 'a2p' "
        "and messaging_service_sid is null order by sender"
    )
    for sender, name in rows:
        yield failure(
            "It is in no messaging service, so no A2P campaign covers it: carriers block what it sends to "
            "the United States (30034).",
            "Put it into the messaging service of your campaign.",
            _SERVICES,
            sender_label(sender, name),
        )
    if not rows:
        yield fine("Every number that needs a campaign is in a messaging service.")


def check_registration(examination: Examination) -> Iterator[CheckResult]:
    """Campaigns and toll-free verifications are approved."""
    rows = examination.lake.rows(
        "select sender, friendly_name, registration, registration_status from senders "
        "where removed_at is null and registration is not null and "
        "(registration != 'a2p' or messaging_service_sid is not null) order by registration, sender"
    )
    approved = {"a2p": "VERIFIED", "toll-free": "TWILIO_APPROVED"}
    waiting = [row for row in rows if row[3] != approved.get(row[2])]
    for sender, name, registration, status in waiting:
        yield _registration_result(sender_label(sender, name), registration, status)
    if not rows:
        yield skipped("No sender needs a registration, or none could be read.")
    elif not waiting:
        yield fine(f"{plural(len(rows), 'sender')} registered and approved.")


def _registration_result(subject: str, registration: str, status: str | None) -> CheckResult:
    what, link, code = (
        ("toll-free verification", _TOLL_FREE, 30032)
        if registration == "toll-free"
        else ("A2P campaign", _A2P, 30034)
    )
    if status in ("PENDING", "IN_PROGRESS", "PENDING_REVIEW", "IN_REVIEW"):
        return warning(
            f"Its {what} is {status}: until it is approved, carriers may block its messages ({code}).",
            "Wait for the decision; send from an approved sender meanwhile.",
            link,
            subject,
        )
    state = f"Its {what} is {status}" if status else f"It has no {what}"
    return failure(
        f"{state}: carriers in the United States block its messages ({code}).",
        f"Register it, or correct what the {what} was refused for; send from an approved sender meanwhile.",
        link,
        subject,
    )


def check_limits(examination: Examination) -> Iterator[CheckResult]:
    """How fast a sender may send is known."""
    rows = examination.lake.rows(
        "select sender, friendly_name from senders where removed_at is null and mps_limit is null "
        "and can_sms is distinct from false order by sender"
    )
    for sender, name in rows:
        yield warning(
            "How many segments per second it may send is not known, so throughput and sending times are not "
            "either.",
            f'Say it in [mps_limits] of workbench.toml, as "{sender}" = 10.',
            "",
            sender_label(sender, name),
        )
    if not rows:
        yield fine("The limit of every sender is known.")


def check_unused(examination: Examination) -> Iterator[CheckResult]:
    """No number is paid for and not used."""
    since = examination.now - timedelta(days=UNUSED_DAYS)
    rows = examination.lake.rows(
        "select sender, friendly_name, sender_type from senders s where removed_at is null "
        "and sender_type in ('long code', 'toll-free', 'short code') and read_at < ? and not exists ("
        "select 1 from message_facts m where m.account_sid = s.account_sid and m.sender = s.sender "
        "and m.date_created >= ?) order by sender",
        [since, since],
    )
    for sender, name, kind in rows:
        yield warning(
            f"No message was sent from it or to it in {UNUSED_DAYS} days.{_rent(examination, kind)}",
            "Release it, if it is for nothing else either (calls are not counted here).",
            _NUMBERS,
            sender_label(sender, name),
        )
    if not rows:
        yield fine(f"Every sender had messages in the last {UNUSED_DAYS} days, or is new here.")


_RENT = {"long code": "phonenumbers-local", "toll-free": "phonenumbers-tollfree", "short code": "shortcodes"}


def _rent(examination: Examination, kind: str) -> str:
    """What numbers of this kind cost each, where usage says it."""
    rows = examination.lake.rows(
        "select sum(price) / nullif(sum(count), 0), currency from usage_days "
        "where category = ? and day >= ? and price > 0 group by currency",
        [_RENT[kind], examination.now.date() - timedelta(days=UNUSED_DAYS + 1)],
    )
    prices = [money(price, currency.upper()) for price, currency in rows if price and currency]
    return f" A number of its kind costs {' or '.join(prices)} a month." if prices else ""


def sender_name(row: Mapping[str, Any]) -> str:
    """A number or short code as Twilio lists it, by name and number."""
    return sender_label(
        str(row.get("phone_number") or row.get("short_code") or row["sid"]), row.get("friendly_name")
    )


def service_name(row: Mapping[str, Any]) -> str:
    """A messaging service as Twilio lists it, by its name."""
    return str(row.get("friendly_name") or row["sid"])


def _of_services(number: int, what: str) -> CheckResult:
    return fine(f"All {plural(number, 'service')} {what}.") if number else skipped("No messaging services.")


def _capabilities(row: Mapping[str, Any]) -> Mapping[str, Any]:
    value = row.get("capabilities")
    return value if isinstance(value, Mapping) else {}


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")
