"""The first requests to Twilio: are the credentials valid, and in which currency does the account pay?

The requests start as soon as the check is created, so that they run while the lake is being opened. For the
same reason this module imports neither DuckDB nor Arrow.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workbench.errors import TwilioAuthError, TwilioError
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import fetch_account, fetch_balance, message_page


@dataclass(frozen=True)
class CheckedAccount:
    """The answers: the account (empty if a key may not read it), its currency, and what Twilio refused."""

    account: dict[str, Any]
    currency: str | None
    notice: str | None = None


class AccountCheck:
    """The check of one account; its requests start at once."""

    def __init__(self, client: TwilioClient, account_sid: str) -> None:
        self.account_sid = account_sid
        self.asked_before = client.requests
        pool = ThreadPoolExecutor(2, thread_name_prefix="account")
        self._account = pool.submit(_read_account, client, account_sid)
        self._currency = pool.submit(_read_currency, client, account_sid)
        pool.shutdown(wait=False)

    def result(self) -> CheckedAccount:
        """Wait for the answers.

        Raises:
            TwilioError: the account's messages may not be read, or Twilio cannot be reached.
        """
        currency, notice = self._currency.result()
        return CheckedAccount(self._account.result(), currency, notice)


def _read_account(client: TwilioClient, account_sid: str) -> dict[str, Any]:
    """The account; empty for an API key that may read messages but not the account itself."""
    try:
        return fetch_account(client, account_sid)
    except TwilioAuthError:
        message_page(client, account_sid, {"PageSize": 1})
        return {}


def _read_currency(client: TwilioClient, account_sid: str) -> tuple[str | None, str | None]:
    """The currency from the balance, which has it before any message has a price; or why it is unknown."""
    try:
        currency = fetch_balance(client, account_sid).get("currency")
    except TwilioError as error:
        if error.status not in (401, 403, 404):
            raise
        # A restricted key may not read the balance; later the messages themselves have the currency.
        return None, f"The balance could not be read (HTTP {error.status})."
    return (currency.upper() if isinstance(currency, str) and currency else None), None
