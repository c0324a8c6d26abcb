"""Syncs a whole account: its messages, then its other resources (the catalog); and its subaccounts, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from workbench.errors import TwilioError
from workbench.lake.connect import Lake
from workbench.messaging.privacy import Privacy
from workbench.sync.account.account_check import AccountCheck
from workbench.sync.account.accounts import for_each_account, subaccount_sids
from workbench.sync.account.catalog import PARTS, CatalogSummary, catalog_is_due, sync_catalog
from workbench.sync.account.media import media_is_due
from workbench.sync.account.media_bytes import MediaStore
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.cancellation import Cancellation
from workbench.sync.shared.request import OnProgress, Progress, SyncRequest, SyncSummary
from workbench.twilio.client import TwilioClient

#: Senders, prices and other resources change seldom, so a frequent sync reads them only this often.
CATALOG_EVERY = timedelta(hours=1)

MEDIA_MESSAGES, MEDIA_BETWEEN = 5000, 200
"""Messages whose attachments one reading lists: with the catalog, and for new messages between."""


def sync_whole_account(
    lake: Lake,
    client: TwilioClient,
    request: SyncRequest,
    *,
    privacy: Privacy,
    check: AccountCheck | None = None,
    mps_limits: Mapping[str, float] | None = None,
    media_store: MediaStore | None = None,
    with_subaccounts: bool = False,
    messages_only: bool = False,
    on_progress: OnProgress = lambda progress: None,
    cancellation: Cancellation | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SyncSummary:
    """Sync the account of the client's credentials: the messages always, the catalog when it is due.

    Attachments do not wait for the catalog: the list of a new message is asked for at once.

    A subaccount, or a part of the catalog, that fails becomes a notice and does not stop the others.

    Args:
        check: the check of the client's account, if it has begun already.
        media_store: where attachments are stored, if they are wanted.
        messages_only: do not read the catalog, even if it is due.
        with_subaccounts: sync each open subaccount, too; see `subaccounts` of the summary.

    Raises:
        ConfigError: the lake holds another account's messages.
        TwilioError: the account's own messages could not be read; earlier pages are kept.
        SyncStopped: `cancellation` was asked.
    """
    account_sync = _AccountSync(
        lake, client, request, privacy, check, mps_limits, media_store, messages_only, on_progress,
        cancellation or Cancellation(), clock,
    )  # fmt: skip
    summary = account_sync.sync(client.account_sid)
    if with_subaccounts:
        _add_subaccounts(summary, client, account_sync.sync)
    return summary


@dataclass(frozen=True)
class _AccountSync:
    """Syncs one account after the other; fields as the arguments of :func:`sync_whole_account`."""

    lake: Lake
    client: TwilioClient
    request: SyncRequest
    privacy: Privacy
    check: AccountCheck | None
    mps_limits: Mapping[str, float] | None
    media_store: MediaStore | None
    messages_only: bool
    on_progress: OnProgress
    cancellation: Cancellation
    clock: Callable[[], datetime]

    def sync(self, account_sid: str) -> SyncSummary:
        began = time.monotonic()
        summary = run_sync(
            self.lake, self.client, account_sid, self.request,
            privacy=self.privacy, check=self.check if account_sid == self.client.account_sid else None,
            on_progress=self.on_progress, cancellation=self.cancellation, clock=self.clock,
        )  # fmt: skip
        if self.messages_only:
            return summary
        is_asked = self.request.retry_quarantined or self.request.full
        if is_asked or catalog_is_due(self.lake, account_sid, self.clock() - CATALOG_EVERY):
            self._add_catalog(summary, account_sid, tuple(PARTS))
        elif media_is_due(self.lake, account_sid, self.clock()):
            self._add_catalog(summary, account_sid, ("media",))
        summary.seconds = round(time.monotonic() - began, 3)
        return summary

    def _add_catalog(self, summary: SyncSummary, account_sid: str, parts: tuple[str, ...]) -> None:
        is_retry = self.request.retry_quarantined
        catalog = sync_catalog(
            self.lake, self.client, account_sid,
            now=self.clock(), since=None if is_retry else summary.since, mps_limits=self.mps_limits,
            privacy=self.privacy, cancellation=self.cancellation, media_store=self.media_store,
            only_quarantined=is_retry, parts=parts,
            media_messages=MEDIA_MESSAGES if len(parts) == len(PARTS) else MEDIA_BETWEEN,
            on_part=lambda name, done, total: self.on_progress(
                Progress(f"{name} of the account", done, total, summary.listed)
            ),
        )  # fmt: skip
        _count_in(summary, catalog)


def _count_in(summary: SyncSummary, catalog: CatalogSummary) -> None:
    """Add what reading the catalog did to what the sync did."""
    summary.requests += catalog.requests
    summary.catalog = {name: saved.added + saved.changed for name, saved in catalog.by_part.items()}
    summary.quarantined += catalog.quarantined
    summary.notices += [str(notice) for notice in catalog.notices]


def _add_subaccounts(
    summary: SyncSummary, client: TwilioClient, sync_one: Callable[[str], SyncSummary]
) -> None:
    try:
        sids = subaccount_sids(client, summary.notices)
    except TwilioError as error:
        summary.notices.append(f"The subaccounts could not be listed: {error}")
        return
    summaries, notices = for_each_account(sids, sync_one)
    summary.subaccounts = list(summaries.values())
    summary.notices += [str(notice) for notice in notices]
