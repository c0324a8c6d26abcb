"""Syncs the account and its subaccounts, and runs an action for each account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from workbench.errors import TwilioError
from workbench.lake.save_rows import save_rows
from workbench.messaging.message import MalformedMessage
from workbench.messaging.quarantine import read_each
from workbench.sync.account.account_reader import AccountReader, Notice
from workbench.sync.shared.fields import MalformedRow, Row, required_sid, text
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import ACCOUNT, ACCOUNTS, list_rows

T = TypeVar("T")


def sync_accounts(reading: AccountReader) -> None:
    """Save the account; with a main account's own credentials also its subaccounts."""
    if reading.has_own_credentials:
        accounts = reading.rows(ACCOUNTS, check=account_row)
    else:
        account = reading.fetch_single(ACCOUNT)
        accounts = reading.checked(ACCOUNT, [account], account_row) if account else None
    if accounts:
        rows = [{**account_row(row), "read_at": reading.now} for row in accounts]
        reading.write(lambda cursor: save_rows(cursor, "accounts", rows, key=("account_sid",)))


def account_row(row: Row) -> dict[str, Any]:
    """A row of `accounts`, without the currency (it comes from the balance) and the time of reading."""
    return {
        "account_sid": required_sid(row, "sid"),
        "friendly_name": text(row, "friendly_name"),
        "status": text(row, "status"),
        "type": text(row, "type"),
        "owner_account_sid": text(row, "owner_account_sid"),
    }


def subaccount_sids(client: TwilioClient, notices: list[str] | None = None) -> list[str]:
    """The subaccounts that can be read with the client's credentials, closed ones left out, in order.

    Args:
        notices: gets a notice if rows of the list could not be read.

    Raises:
        TwilioError: the list could not be read; TwilioAuthError for an API key that is not of type Main.
    """
    rows, failures = read_each(list_rows(client, ACCOUNTS, client.account_sid), account_row)
    if failures and notices is not None:
        notices.append(f"{len(failures)} subaccounts could not be read from Twilio's list and were left out.")
    return sorted(
        row["account_sid"]
        for row in rows
        if row["account_sid"] != client.account_sid
        and row["owner_account_sid"] == client.account_sid
        and row["status"] != "closed"
    )


def for_each_account(
    account_sids: Iterable[str], work: Callable[[str], T]
) -> tuple[dict[str, T], list[Notice]]:
    """Run an action for each account: the results by account, and a notice for each failure of Twilio.

    An error that does not concern one account only (the lake, the settings, a stop) is raised at once.
    """
    results: dict[str, T] = {}
    notices: list[Notice] = []
    for sid in account_sids:
        try:
            results[sid] = work(sid)
        except (TwilioError, MalformedMessage, MalformedRow) as error:
            notices.append(Notice("sync", sid, str(error)))
    return results, notices
