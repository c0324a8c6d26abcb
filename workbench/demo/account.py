"""The simulated account as the product reaches it: its environment, and a client for its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from workbench.simulator import Account


def environment_of(account: Account, url: str) -> dict[str, str]:
    """What the product needs in its environment to use an account that answers at this address."""
    return {
        "WORKBENCH_TWILIO_BASE_URL": url,
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
    }


def control(environment: dict[str, str]) -> httpx.Client:
    """A client of the simulated account, with its credentials."""
    auth = (environment["TWILIO_ACCOUNT_SID"], environment["TWILIO_AUTH_TOKEN"])
    return httpx.Client(
        base_url=environment["WORKBENCH_TWILIO_BASE_URL"], trust_env=False, timeout=10, auth=auth
    )
