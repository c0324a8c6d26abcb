"""Checks of the account: may we read it, is it alive, and does its money last?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from workbench.display.formats import money, plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.errors import TwilioAuthError, TwilioError
from workbench.twilio.resources import USAGE_TRIGGERS, list_rows, message_page

_KEYS = "https://console.twilio.com/us1/account/keys-credentials/api-keys"
_BILLING = "https://console.twilio.com/us1/billing/manage-billing/billing-overview"
_TRIGGERS = "https://www.twilio.com/docs/usage/api/usage-trigger"

PACE_DAYS = 30
"""The balance is set against the average spend of so many days."""
_FEW_DAYS, _LAST_DAYS = 14, 3


def check_credentials(examination: Examination) -> Iterator[CheckResult]:
    """Twilio accepts the credentials; an API key is better than the account's token."""
    if examination.settings.optional_credentials is None:
        yield warning("No account is set up.", "Run `workbench init`, or try `workbench demo`.")
        return
    try:
        name = _account_name(examination)
    except TwilioAuthError as error:
        yield failure(
            f"Twilio refuses the credentials: {error}",
            "Correct them (`workbench init`, or TWILIO_ACCOUNT_SID with its token or key).",
            _KEYS,
        )
        return
    credentials = examination.settings.credentials
    if credentials.api_key:
        yield fine(f"Twilio accepts the API key {credentials.api_key[:6]}… of {name}.")
        return
    yield warning(
        f"Twilio accepts the auth token of {name}: whoever learns it owns the account, and it cannot be "
        "revoked alone.",
        "Make an API key, set TWILIO_API_KEY and TWILIO_API_SECRET, and keep the token only where webhooks "
        "are checked.",
        _KEYS,
    )


def _account_name(examination: Examination) -> str:
    """The account's name; raises TwilioAuthError if the credentials read nothing."""
    client = examination.client
    try:
        return str(examination.account.get("friendly_name") or client.account_sid)
    except TwilioAuthError:
        # A restricted key may read messages without reading the account.
        message_page(client, client.account_sid, {"PageSize": 1})
        return f"{client.account_sid} (the key may not read the account itself)"


def check_account_state(examination: Examination) -> Iterator[CheckResult]:
    """The account is active and no trial."""
    yield judge_account(examination.account)


def judge_account(account: Mapping[str, Any]) -> CheckResult:
    """What the state of an account, as Twilio gives it, means. Pure."""
    status, kind = str(account.get("status") or "unknown"), str(account.get("type") or "unknown")
    if status != "active":
        return failure(
            f"The account is {status}: Twilio sends nothing.",
            "Pay what is open, or ask Twilio's support why.",
            _BILLING,
        )
    if kind == "Trial":
        return warning(
            "The account is a trial: it sends to verified numbers only, and puts a line before every text.",
            "Upgrade it in the console.",
            _BILLING,
        )
    return fine(f"The account is {status} ({kind}).")


def check_subaccounts(examination: Examination) -> Iterator[CheckResult]:
    """No subaccount is suspended."""
    rows = examination.lake.rows(
        "select account_sid, friendly_name, status from accounts "
        "where account_sid is distinct from owner_account_sid order by friendly_name, account_sid"
    )
    for sid, name, status in rows:
        if status == "suspended":
            yield failure(
                "It is suspended: Twilio sends nothing for it.",
                "Open it again in the console, or close it.",
                "https://console.twilio.com/us1/account/manage-account/subaccounts",
                name or sid,
            )
    if not any(status == "suspended" for _, _, status in rows):
        yield (
            fine(f"{plural(len(rows), 'subaccount')}, none suspended.")
            if rows
            else skipped("No subaccounts.")
        )


def check_balance(examination: Examination) -> Iterator[CheckResult]:
    """The balance lasts at the pace of the last 30 days."""
    balance, currency = read_balance(examination.balance)
    yield judge_balance(balance, currency, _spend_per_day(examination, currency))


def judge_balance(balance: Decimal, currency: str, spend_per_day: Decimal | None) -> CheckResult:
    """Whether a balance lasts. Pure.

    Args:
        spend_per_day: in the same currency; None where nothing was spent or read.
    """
    shown, repair = money(balance, currency), "Add funds, or turn auto-recharge on."
    if balance <= 0:
        return failure(f"The balance is {shown}.", repair, _BILLING)
    if not spend_per_day:
        return fine(f"The balance is {shown}; no spend of the last {PACE_DAYS} days is known.")
    days = int(balance / spend_per_day)
    evidence = (
        f"The balance is {shown} and lasts {plural(days, 'day')} at {money(spend_per_day, currency)} a day, "
        f"the average of the last {PACE_DAYS} days."
    )
    if days < _LAST_DAYS:
        return failure(evidence, repair, _BILLING)
    return warning(evidence, repair, _BILLING) if days < _FEW_DAYS else fine(evidence)


def read_balance(answer: Mapping[str, Any]) -> tuple[Decimal, str]:
    """The balance and its currency, of Twilio's answer.

    Raises:
        TwilioError: the answer has no number.
    """
    try:
        balance = Decimal(str(answer.get("balance")))
    except InvalidOperation:
        balance = Decimal("NaN")
    if not balance.is_finite():
        raise TwilioError(f"Twilio gives {answer.get('balance')!r} as the balance, which is no number.")
    return balance, str(answer.get("currency") or "").upper()


def _spend_per_day(examination: Examination, currency: str) -> Decimal | None:
    """The average of the days whose usage was read, today not included."""
    today = examination.now.date()
    row = examination.lake.rows(
        "select sum(price), count(distinct day) from usage_days where is_leaf and upper(currency) = ? "
        "and account_sid = ? and day >= ? and day < ?",
        [currency, examination.client.account_sid, today - timedelta(days=PACE_DAYS), today],
    )[0]
    total, days = row
    return Decimal(total) / PACE_DAYS if total and days else None


def check_usage_trigger(examination: Examination) -> Iterator[CheckResult]:
    """Twilio itself warns when more is spent than expected."""
    triggers = list(list_rows(examination.client, USAGE_TRIGGERS, examination.client.account_sid))
    if triggers:
        yield fine(f"{plural(len(triggers), 'usage trigger')} set.")
        return
    yield warning(
        "No usage trigger is set: a stolen key or a loop can spend until the balance is gone.",
        "Set one on the category totalprice in the console, at what a bad day may cost.",
        _TRIGGERS,
    )


def check_geo_permissions(examination: Examination) -> Iterator[CheckResult]:
    """No message was refused because its country is not switched on (21408), but where others went since."""
    rows = examination.lake.rows(_REFUSED_COUNTRIES, [examination.now - timedelta(days=PACE_DAYS)])
    for country, messages, last in rows:
        yield warning(
            f"{plural(messages, 'message')} in {PACE_DAYS} days refused with 21408, the last on "
            f"{last:%Y-%m-%d}: sending to this country is not switched on.",
            "Switch it on under Messaging, Settings, Geo permissions, if you mean to send there.",
            "https://console.twilio.com/us1/develop/sms/settings/geo-permissions",
            country or "unknown country",
        )
    if not rows:
        yield fine(f"No country of the last {PACE_DAYS} days is switched off.")


_REFUSED_COUNTRIES = """
select country, count(*) filter (where error_code = 21408) as refused,
    max(date_created) filter (where error_code = 21408) as refused_at
from message_facts where is_outbound and date_created >= ?
group by country
having refused > 0
    and not coalesce(
        max(date_created) filter (where status in ('sent', 'delivered', 'read')) > refused_at, false
    )
order by refused desc, country
"""
