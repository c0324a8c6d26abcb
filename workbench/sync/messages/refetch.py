"""Reads single messages again, one request each: for the sync, for callbacks, for somebody who watches.

Every list of messages tells the same of many with one request; this is for the few of which something is
known already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from workbench.lake import Lake
from workbench.lake.quarantine import resolve_rows, save_quarantined
from workbench.lake.save import Saved, save_messages
from workbench.messaging.privacy import Privacy
from workbench.sync.messages.pages import MessageReader, ReadPage
from workbench.sync.messages.quarantine import MADE_GOOD_BY_MESSAGES
from workbench.sync.messages.state import read_account_currency
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import fetch_message


@dataclass(frozen=True)
class Refetched:
    """What reading messages again did."""

    saved: Saved
    missing: frozenset[str]
    """SIDs of which Twilio says that there is no such message."""


def fetch_each(
    client: TwilioClient, reader: MessageReader, message_sids: Sequence[str], *, at_once: int = 8
) -> tuple[list[str], ReadPage]:
    """The SIDs of messages that Twilio does not have, and the other messages as they are now.

    Args:
        reader: for the account of the messages; what may be kept of them.
        at_once: most requests at the same moment.

    Raises:
        TwilioError: an answer that is neither the message nor Twilio's own "not found".
    """

    with ThreadPoolExecutor(at_once, thread_name_prefix="fetch") as pool:
        answers = list(pool.map(lambda sid: fetch_message(client, reader.account_sid, sid), message_sids))
    by_sid = dict(zip(message_sids, answers, strict=True))
    missing = [sid for sid, answer in by_sid.items() if answer is None]
    # The SID is known, even if the answer has none or another one.
    return missing, reader.read(
        [{**answer, "sid": sid} for sid, answer in by_sid.items() if answer is not None]
    )


def save_fetched(cursor: duckdb.DuckDBPyConnection, account_sid: str, page: ReadPage, now: datetime) -> Saved:
    """Save messages that were fetched singly, in the caller's transaction.

    What could not be read goes into quarantine, and what could be read leaves it.
    """
    saved = save_messages(cursor, page.table, source="sync", received_at=now)
    save_quarantined(cursor, page.unread, now)
    resolve_rows(cursor, MADE_GOOD_BY_MESSAGES, account_sid, [row.message_sid for row in page.rows], now)
    return saved


def read_again(
    lake: Lake,
    client: TwilioClient,
    messages: Iterable[tuple[str, str]],
    privacy: Privacy,
    *,
    at_once: int = 1,
) -> Refetched:
    """Fetch messages, by account and message SID, and save what changed.

    Args:
        privacy: what may be kept of them.
        at_once: most requests at the same moment.

    Raises:
        TwilioError: Twilio refused, or could not be reached; nothing of that account's messages is saved.
        LakeError: the lake cannot be written now.
    """
    sids_by_account: dict[str, list[str]] = {}
    for account_sid, message_sid in messages:
        sids_by_account.setdefault(account_sid, []).append(message_sid)
    saved, missing = Saved(), frozenset[str]()
    for account_sid, message_sids in sids_by_account.items():
        reader = MessageReader(account_sid, privacy, read_account_currency(lake, account_sid))
        not_there, page = fetch_each(client, reader, message_sids, at_once=at_once)
        saved += _save(lake, account_sid, page)
        missing |= frozenset(not_there)
    return Refetched(saved, missing)


def _save(lake: Lake, account_sid: str, page: ReadPage) -> Saved:
    now = datetime.now(UTC)
    return lake.write(lambda cursor: save_fetched(cursor, account_sid, page, now))
