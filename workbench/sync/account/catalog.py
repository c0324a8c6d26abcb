"""Syncs all resources except messages (the catalog): one entry of :data:`PARTS` per resource.

A failure does not stop other entries: it becomes a notice, and the rows in the lake stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from workbench.errors import UnknownName
from workbench.lake.connect import Lake
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.messaging.privacy import Privacy
from workbench.sync.account.account_reader import AccountReader, Notice
from workbench.sync.account.accounts import sync_accounts
from workbench.sync.account.alerts import sync_alerts
from workbench.sync.account.media import sync_media
from workbench.sync.account.media_bytes import MediaStore, sync_media_bytes
from workbench.sync.account.senders import SENDER_RESOURCES, sync_senders
from workbench.sync.account.usage import sync_balance, sync_prices, sync_usage
from workbench.sync.shared.cancellation import Cancellation
from workbench.sync.shared.fields import MalformedRow
from workbench.sync.shared.windows import OLDEST_LISTED_DAYS
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import (
    ACCOUNT,
    ACCOUNTS,
    ALERTS,
    BALANCE,
    MEDIA,
    PRICES,
    USAGE_DAYS,
    Resource,
)


@dataclass(frozen=True)
class CatalogPart:
    """One resource: how it is synced, and whether the path or the credentials decide about its account."""

    name: str
    sync: Callable[[AccountReader], None]
    resources: tuple[Resource, ...]
    """The resources that it reads, if their rows can be in quarantine."""
    needs_own_credentials: bool = False
    """Whether it is skipped for subaccounts: the main account's credentials would show the main account's."""


#: In this order, because prices need the senders.
PARTS: Mapping[str, CatalogPart] = {
    part.name: part
    for part in (
        CatalogPart("accounts", sync_accounts, (ACCOUNTS, ACCOUNT)),
        CatalogPart("senders", sync_senders, SENDER_RESOURCES),
        CatalogPart("usage", sync_usage, (USAGE_DAYS,)),
        CatalogPart("balance", sync_balance, (BALANCE,)),
        CatalogPart("prices", sync_prices, (PRICES,), needs_own_credentials=True),
        CatalogPart("alerts", sync_alerts, (ALERTS,), needs_own_credentials=True),
        CatalogPart("media", sync_media, (MEDIA,)),
    )
}


@dataclass
class CatalogSummary:
    """The result of one sync of the catalog."""

    account_sid: str
    added: int = 0
    changed: int = 0
    requests: int = 0
    quarantined: int = 0
    """Rows that could not be read; they are kept in quarantine, with the reason."""
    by_part: dict[str, Saved] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sync_catalog(
    lake: Lake,
    client: TwilioClient,
    account_sid: str,
    *,
    now: datetime,
    since: date | None = None,
    mps_limits: Mapping[str, float] | None = None,
    privacy: Privacy | None = None,
    parts: Collection[str] = tuple(PARTS),
    media_messages: int = 5000,
    media_store: MediaStore | None = None,
    only_quarantined: bool = False,
    cancellation: Cancellation | None = None,
    on_part: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> CatalogSummary:
    """Bring accounts, senders, services, usage, balance, prices, alerts and media lists into the lake.

    Args:
        now: the time of the sync, aware; rows are saved with it.
        since: first GMT day of usage records; by default as far back as Twilio lists messages.
        mps_limits: segments per second by sender or kind of sender, as configured.
        privacy: what may be kept; alerts lose their texts in every mode but `full`.
        parts: names of :data:`PARTS`.
        on_part: called before each part with its name, how many parts are done, and how many there are.
        media_messages: the most messages whose attachments are listed now; a notice counts the others.
        media_store: where attachments are stored; without it they are not fetched.
        only_quarantined: only read again what is in quarantine.
        cancellation: ends the sync early when asked; what was read is kept.

    Raises:
        UnknownName: `parts` names something else.
        LakeError: the lake cannot be written.
        SyncStopped: the client was stopped while it waited for a retry.
    """
    named = _parts_named(parts)
    reading = AccountReader(
        lake, client, account_sid, now, since or now.date() - timedelta(days=OLDEST_LISTED_DAYS),
        dict(mps_limits or {}), privacy or Privacy(), media_messages, only_quarantined,
        cancellation or Cancellation(),
    )  # fmt: skip
    summary, asked_before = CatalogSummary(account_sid), client.requests
    wanted = [part for part in named if not only_quarantined or reading.has_waiting(part.resources)]
    for done, part in enumerate(wanted):
        if not reading.cancellation.is_set:
            on_part(part.name, done, len(wanted))
            summary.by_part[part.name] = _sync_part(reading, part)
    if media_store and "media" in parts and not reading.cancellation.is_set and not only_quarantined:
        sync_media_bytes(reading, media_store)
    if not reading.cancellation.is_set and len(wanted) == len(PARTS) and not only_quarantined:
        _note_whole_reading(reading)
    _say_what_needs_other_credentials(reading, [part.name for part in wanted])
    _say_what_was_not_read_as_it_is(reading)
    summary.quarantined = reading.unread_rows
    summary.added, summary.changed = reading.saved.added, reading.saved.changed
    summary.requests = client.requests - asked_before
    summary.notices = reading.all_notices()
    return summary


def _parts_named(names: Collection[str]) -> list[CatalogPart]:
    for name in names:
        if name not in PARTS:
            raise UnknownName("part of the catalog", name, PARTS)
    return [part for part in PARTS.values() if part.name in names]


def catalog_is_due(lake: Lake, account_sid: str, before: datetime) -> bool:
    """Whether the whole catalog of the account was last read before this time, or never."""
    return not lake.rows(
        "select 1 from catalog_reads where account_sid = ? and resource = ? and read_at > ?",
        [account_sid, _WHOLE, before],
    )


#: The name in `catalog_reads` for the whole catalog.
_WHOLE = "catalog"


def _note_whole_reading(reading: AccountReader) -> None:
    row = {"account_sid": reading.account_sid, "resource": _WHOLE, "part": "", "read_at": reading.now}
    key = ("account_sid", "resource", "part")
    reading.lake.write(lambda cursor: save_rows(cursor, "catalog_reads", [row], key=key, uncompared=()))


def _sync_part(reading: AccountReader, part: CatalogPart) -> Saved:
    """Sync one part; returns what it saved."""
    before = reading.saved
    if reading.has_own_credentials or not part.needs_own_credentials:
        try:
            part.sync(reading)
        except MalformedRow as error:
            reading.say(part.name, str(error))
        reading.save_unread()
    return Saved(reading.saved.added - before.added, reading.saved.changed - before.changed)


def _say_what_was_not_read_as_it_is(reading: AccountReader) -> None:
    if notice := reading.client.take_repairs().sentence():
        reading.say("texts", notice)
    if reading.unread_rows:
        reading.say(
            "quarantine",
            f"{reading.unread_rows:,} rows could not be read and are kept with the reason (table "
            "quarantined_rows, `workbench status`); the next syncs ask for them again.",
        )


def _say_what_needs_other_credentials(reading: AccountReader, parts: Collection[str]) -> None:
    if reading.has_own_credentials:
        return
    left_out = [part.name for part in PARTS.values() if part.name in parts and part.needs_own_credentials]
    if "senders" in parts:
        left_out.insert(0, "messaging services")
    if left_out:
        reading.say(
            ", ".join(left_out),
            "Twilio shows these of a subaccount to the subaccount's own credentials only; "
            "to have them, sync it with an API key of its own in a lake of its own.",
        )
