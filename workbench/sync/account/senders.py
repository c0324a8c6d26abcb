"""Syncs senders and messaging services, which are combined from several lists.

A list that could not be read changes nothing. A sender is marked as removed only if it is missing from lists
that were read completely, because an unreadable row may be any sender.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from workbench.lake.memberships import note_pools
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.messaging.addresses import address_kind, channel, country
from workbench.messaging.throughput import mps_limit
from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.account.channel_senders import CHANNEL_LISTS, fetch_channel_senders
from workbench.sync.shared.fields import (
    Row,
    address,
    flag,
    number,
    part,
    parts,
    required,
    required_sid,
    text,
    whole,
)
from workbench.twilio.resources import (
    CAMPAIGNS,
    NUMBERS,
    SERVICE_ALPHA_SENDERS,
    SERVICE_CHANNEL_SENDERS,
    SERVICE_NUMBERS,
    SERVICE_SHORT_CODES,
    SERVICES,
    SHORT_CODES,
    TOLL_FREE_VERIFICATIONS,
    Resource,
)

Stored = Mapping[str, dict[str, Any]]

#: The resource of a pool, its name in a service's `links`, and the field with the address.
_POOLS: tuple[tuple[Resource, str, str], ...] = (
    (SERVICE_NUMBERS, "phone_numbers", "phone_number"),
    (SERVICE_SHORT_CODES, "short_codes", "short_code"),
    (SERVICE_ALPHA_SENDERS, "alpha_senders", "alpha_sender"),
    (SERVICE_CHANNEL_SENDERS, "channel_senders", "sender"),
)


SENDER_RESOURCES = (
    NUMBERS, SHORT_CODES, TOLL_FREE_VERIFICATIONS, SERVICES, CAMPAIGNS, *(pool for pool, _, _ in _POOLS),
    *CHANNEL_LISTS.values(),
)  # fmt: skip


@dataclass
class SenderAnswers:
    """Twilio's lists; None is a list that could not be read."""

    numbers: Rows | None = None
    short_codes: Rows | None = None
    services: Rows | None = None
    members: Mapping[str, Row] | None = None
    """Senders of pools by address, each with its `messaging_service_sid`."""
    campaigns: Mapping[str, Row] | None = None
    """A2P campaign by messaging service."""
    verifications: Mapping[str, str | None] | None = None
    """Status by toll-free number."""
    pools: Sequence[tuple[str, str]] | None = None
    """Every pair of sender and service; an alphanumeric name may be in several pools."""
    channel_senders: Mapping[str, Rows | None] = field(default_factory=dict)
    """The account's WhatsApp and RCS senders, by channel."""
    not_whole: frozenset[Resource] = frozenset()
    """Lists with unreadable rows: a sender that is missing from them may exist all the same."""


def sync_senders(reading: AccountReader) -> None:
    """Save the account's messaging services and senders in one commit."""
    answers = _fetch(reading)
    services = service_rows(
        answers, reading.stored("messaging_services", "messaging_service_sid"), reading.now
    )
    senders = sender_rows(answers, reading.stored("senders", "sender"), reading.mps_limits, reading.now)
    own = {"account_sid": reading.account_sid}

    def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
        if answers.pools is not None:
            listed = [row["sender"] for row in senders]
            is_whole = not _pools_are_torn(answers)
            note_pools(
                cursor, reading.account_sid, answers.pools, reading.now, listed=listed, is_whole=is_whole
            )
        return save_rows(
            cursor,
            "messaging_services",
            [{**own, **row} for row in services],
            key=("account_sid", "messaging_service_sid"),
        ) + save_rows(cursor, "senders", [{**own, **row} for row in senders], key=("account_sid", "sender"))

    reading.write(work)


def _fetch(reading: AccountReader) -> SenderAnswers:
    answers = SenderAnswers(
        numbers=reading.rows(NUMBERS, check=lambda row: _own_sender(row, "phone_number")),
        short_codes=reading.rows(SHORT_CODES, check=lambda row: _own_sender(row, "short_code")),
        channel_senders=fetch_channel_senders(reading, check=lambda row: _own_sender(row, "sender")),
    )
    verifications = reading.rows(TOLL_FREE_VERIFICATIONS, check=_verification)
    if verifications is not None:
        answers.verifications = dict(map(_verification, verifications))
    answers.services = reading.rows(SERVICES, check=_check_service)
    if answers.services is not None:
        _fetch_services(reading, answers, answers.services)
    answers.not_whole = frozenset(name for name in SENDER_RESOURCES if not reading.is_whole_list(name))
    return answers


def _fetch_services(reading: AccountReader, answers: SenderAnswers, services: Rows) -> None:
    """The pools and campaigns of every service."""
    pools: dict[str, Rows | None] = {}
    campaigns: dict[str, Rows | None] = {}

    def keep(read: list[tuple[dict[str, Any], tuple[Rows | None, Rows | None]]]) -> None:
        for service, senders_and_campaigns in read:
            pools[service["sid"]], campaigns[service["sid"]] = senders_and_campaigns

    is_whole = reading.fetch_each(services, lambda service: _fetch_service(reading, service), keep)
    answers.members = _members(pools) if is_whole else None
    if answers.members is not None:
        answers.pools = [(row["sender"], sid) for sid, pool in pools.items() for row in pool or ()]
    answers.campaigns = _campaigns(campaigns) if is_whole else None


def _fetch_service(reading: AccountReader, service: Row) -> tuple[Rows | None, Rows | None]:
    """The senders in a service's pool, and its campaigns."""
    sid, links = required_sid(service, "sid"), part(service, "links")
    senders: Rows | None = []
    for resource, link, name in _POOLS:
        if link in links:
            pooled = reading.rows(
                resource, check=partial(_own_sender, name=name), covers=[sid], service_sid=sid
            )
            if pooled is None or senders is None:
                senders = None
            else:
                senders += [{**row, "sender": required(row, name)} for row in pooled]
    return senders, reading.rows(CAMPAIGNS, check=_campaign_columns, covers=[sid], service_sid=sid)


def _own_sender(row: Row, name: str) -> dict[str, Any]:
    """A sender as its own list shows it; raises MalformedRow."""
    return _sender_row(required(row, name), row)


def _verification(row: Row) -> tuple[str, str | None]:
    return required(row, "tollfree_phone_number"), text(row, "status")


def _check_service(row: Row) -> None:
    _service_row(row, datetime.min)
    part(row, "links")


def _members(pools: Mapping[str, Rows | None]) -> dict[str, Row] | None:
    """Pool members by address; if several services have one alphanumeric name, the first SID counts."""
    members: dict[str, Row] = {}
    for service_sid in sorted(pools):
        pool = pools[service_sid]
        if pool is None:
            return None
        for row in pool:
            members.setdefault(row["sender"], {**row, "messaging_service_sid": service_sid})
    return members


def _campaigns(campaigns_of_services: Mapping[str, Rows | None]) -> dict[str, Row] | None:
    """The campaign of each service that has one; a verified one before any other."""
    campaigns: dict[str, Row] = {}
    for service_sid, rows in campaigns_of_services.items():
        if rows is None:
            return None
        if rows:
            verified = [row for row in rows if row.get("campaign_status") == "VERIFIED"]
            campaigns[service_sid] = (verified or rows)[0]
    return campaigns


# --- messaging services ---


def service_rows(answers: SenderAnswers, stored: Stored, now: datetime) -> Rows:
    """Rows of `messaging_services`, without the account."""
    if answers.services is None:
        return []
    rows = {required(row, "sid"): _service_row(row, now) for row in answers.services}
    for sid, row in rows.items():
        is_known = answers.campaigns is not None and (
            sid in answers.campaigns or CAMPAIGNS not in answers.not_whole
        )
        if answers.campaigns is None or not is_known:
            row |= {name: stored.get(sid, {}).get(name) for name in _campaign_columns({})}
        else:
            row |= _campaign_columns(answers.campaigns.get(sid, {}))
    gone = [] if SERVICES in answers.not_whole else _removed(rows, stored, now)
    return [*rows.values(), *gone]


def _service_row(row: Row, now: datetime) -> dict[str, Any]:
    return {
        "messaging_service_sid": required_sid(row, "sid"),
        "friendly_name": text(row, "friendly_name"),
        "inbound_url": address(row, "inbound_request_url"),
        "inbound_method": text(row, "inbound_method"),
        "use_inbound_webhook_on_number": flag(row, "use_inbound_webhook_on_number"),
        "status_callback": address(row, "status_callback"),
        "smart_encoding": flag(row, "smart_encoding"),
        "validity_seconds": whole(row, "validity_period"),
        "usecase": text(row, "usecase"),
        "us_app_to_person_registered": flag(row, "us_app_to_person_registered"),
        "read_at": now,
        "removed_at": None,
    }


def _campaign_columns(campaign: Row) -> dict[str, Any]:
    limits = part(campaign, "rate_limits")
    return {
        "campaign_sid": text(campaign, "sid"),
        "campaign_status": text(campaign, "campaign_status"),
        "campaign_usecase": text(campaign, "us_app_to_person_usecase"),
        "campaign_att_mps": number(part(limits, "att"), "mps", 3, whole_digits=7),
        "campaign_t_mobile_tier": text(part(limits, "tmobile"), "brand_tier"),
        "opt_out_words": _words(campaign, "opt_out_keywords"),
        "help_words": _words(campaign, "help_keywords"),
    }


def _words(campaign: Row, name: str) -> str | None:
    """Keywords, one a line; what is no text cannot be a word that somebody writes."""
    words = [word.strip() for word in parts(campaign, name) if isinstance(word, str) and word.strip()]
    return "\n".join(words) or None


# --- senders ---


def sender_rows(
    answers: SenderAnswers, stored: Stored, mps_limits: Mapping[str, float], now: datetime
) -> Rows:
    """Rows of `senders`, without the account."""
    rows = _listed(answers)
    for sender, stored_row in stored.items():
        answered, is_whole = _list_of(stored_row, answers)
        # A list with an unreadable row is still newer than the lake in its readable rows.
        is_missing = not is_whole and sender not in rows
        if stored_row["removed_at"] is None and (not answered or is_missing):
            rows[sender] = {name: stored_row[name] for name in _LISTED}
    complete = {
        sender: {
            **row,
            **_pool_columns(row, answers, stored.get(sender, {})),
            **_registration_columns(row, answers, stored.get(sender, {})),
            **_limit_columns(sender, mps_limits),
            "read_at": now,
            "removed_at": None,
        }
        for sender, row in rows.items()
    }
    return [*complete.values(), *_removed(complete, stored, now)]


def _list_of(stored_row: Row, answers: SenderAnswers) -> tuple[bool, bool]:
    """Whether the list of a stored sender was read in this sync, and whether all of its rows were."""
    kind = (stored_row["sender_sid"] or "")[:2]
    if kind in ("PN", "SC"):
        own_list, own_resource = (
            (answers.numbers, NUMBERS) if kind == "PN" else (answers.short_codes, SHORT_CODES)
        )
        return own_list is not None, own_resource not in answers.not_whole
    resource = CHANNEL_LISTS.get(channel(stored_row["sender"]))
    if resource is not None and stored_row.get("channel_status") is not None:
        own_list = answers.channel_senders.get(channel(stored_row["sender"]))
        return own_list is not None, resource not in answers.not_whole
    return answers.members is not None, not _pools_are_torn(answers)


def _pools_are_torn(answers: SenderAnswers) -> bool:
    """Whether a pool has unreadable rows, so that a sender that no pool shows may still be in one."""
    return any(resource in answers.not_whole for resource in (SERVICES, *(pool for pool, _, _ in _POOLS)))


def _listed(answers: SenderAnswers) -> dict[str, dict[str, Any]]:
    """Every sender of the lists that were read; values of its own list count before those of a pool."""
    rows = {sender: _sender_row(sender, row) for sender, row in (answers.members or {}).items()}
    own_lists = [(answers.numbers, "phone_number"), (answers.short_codes, "short_code")]
    own_lists += [(own_list, "sender") for own_list in answers.channel_senders.values()]
    for own_list, name in own_lists:
        for own in own_list or ():
            sender = required(own, name)
            pooled, row = rows.get(sender, {}), _sender_row(sender, own)
            rows[sender] = {
                column: pooled.get(column) if value is None else value for column, value in row.items()
            }
    return rows


def _sender_row(sender: str, row: Row) -> dict[str, Any]:
    return {
        "sender": sender,
        "sender_sid": text(row, "sid"),
        "sender_type": address_kind(sender),
        "friendly_name": text(row, "friendly_name"),
        "country": country(sender) or text(row, "country_code"),
        "can_sms": _can(row, "sms"),
        "can_mms": _can(row, "mms"),
        "sms_url": address(row, "sms_url"),
        "sms_method": text(row, "sms_method"),
        "status_callback": address(row, "status_callback"),
        "sms_application_sid": text(row, "sms_application_sid"),
        "channel_status": text(row, "channel_status"),
    }


def _can(row: Row, what: str) -> bool | None:
    """A capability: numbers have an object of true and false, pool members a list of capabilities."""
    can = row.get("capabilities")
    if isinstance(can, list):
        return what.upper() in can if can else None
    return flag(part(row, "capabilities"), what)


#: The columns that come from a sender's own list.
_LISTED = tuple(_sender_row("", {}))


def _pool_columns(row: Row, answers: SenderAnswers, stored_row: Row) -> dict[str, Any]:
    """The sender's messaging service; values that only pools give are kept while these cannot be read."""
    members = answers.members
    if members is not None and (row["sender"] in members or not _pools_are_torn(answers)):
        return {"messaging_service_sid": members.get(row["sender"], {}).get("messaging_service_sid")}
    partly = {
        name: stored_row.get(name) if row[name] is None else row[name]
        for name in ("country", "can_sms", "can_mms")
    }
    return {**partly, "messaging_service_sid": stored_row.get("messaging_service_sid")}


def _registration_columns(row: Row, answers: SenderAnswers, stored_row: Row) -> dict[str, Any]:
    """The sender's registration with US carriers, with the status as Twilio writes it.

    `a2p` or `toll-free` without a status: a registration was not found. No `registration` at all: it is
    either not needed or not known.
    """
    sender, kind = row["sender"], row["sender_type"]
    if kind == "toll-free" and answers.verifications is not None:
        last_status = (
            stored_row.get("registration_status") if TOLL_FREE_VERIFICATIONS in answers.not_whole else None
        )
        return {
            "registration": "toll-free",
            "registration_status": answers.verifications.get(sender, last_status),
        }
    is_a2p = kind == "long code" and sender.startswith("+1")
    is_torn = CAMPAIGNS in answers.not_whole or _pools_are_torn(answers)
    if is_a2p and answers.members is not None and answers.campaigns is not None and not is_torn:
        service_sid = answers.members.get(sender, {}).get("messaging_service_sid", "")
        campaign = answers.campaigns.get(service_sid, {})
        return {"registration": "a2p", "registration_status": text(campaign, "campaign_status")}
    return {name: stored_row.get(name) for name in ("registration", "registration_status")}


def _limit_columns(sender: str, mps_limits: Mapping[str, float]) -> dict[str, Any]:
    limit = mps_limit(sender, mps_limits)
    return {"mps_limit": limit.per_second, "mps_limit_source": limit.source}


def _removed(rows: Mapping[str, Any], stored: Stored, now: datetime) -> Rows:
    """Stored rows that Twilio no longer lists and that are not marked as removed yet."""
    return [
        {
            **{column: value for column, value in stored_row.items() if column != "account_sid"},
            "removed_at": now,
        }
        for name, stored_row in stored.items()
        if name not in rows and stored_row["removed_at"] is None
    ]
