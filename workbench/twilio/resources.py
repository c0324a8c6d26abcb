"""What the product reads from Twilio: one entry per resource, and one function per way of reading it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import TwilioError, UsageError
from workbench.twilio.client import ListPage, Params, TwilioClient

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Resource:
    """Where a resource lives and how its list is read."""

    name: str
    path: str
    """The path of the list, or of the single object; ``{account_sid}`` and other names are filled in."""
    key: str | None = None
    """The key of the rows in a list; None if the path leads to one object."""
    host: str = "api"
    """First label of the product's host."""
    page_size: int | None = None
    """Rows to ask for per page; None leaves it to Twilio."""
    one_path: str | None = None
    """The path of a single row, with its ``{sid}``."""
    right: str = ""
    """What the credentials must have the right to read, in words; an API key may be restricted."""

    @property
    def follows_credentials(self) -> bool:
        """Whether the credentials, not the path, decide which account's rows these are (all hosts but api).

        A main account's credentials can read its subaccounts on the api host only:
        https://www.twilio.com/docs/iam/api/subaccounts.
        """
        return self.host != "api"

    def path_for(self, account_sid: str, **parts: str) -> str:
        """The path for one account; ``parts`` are the values of its other names.

        Raises:
            UsageError: the account or a part is not a SID, or ``iso_country`` not a country.
        """
        checked = {name: _check_part(name, value) for name, value in parts.items()}
        return self.path.format(account_sid=check_sid(account_sid), **checked)

    def one_path_for(self, account_sid: str, sid: str) -> str:
        """The path of one row; raises UsageError for a text that is not a SID, or if rows have no path."""
        if self.one_path is None:
            raise UsageError(f"{self.name} cannot be fetched one by one.")
        return self.one_path.format(account_sid=check_sid(account_sid), sid=check_sid(sid))

    def first_params(self, params: Params | None) -> dict[str, str | int]:
        """Parameters of a first page: the caller's, with our page size unless they set one."""
        size: dict[str, str | int] = {} if self.page_size is None else {"PageSize": self.page_size}
        return {**size, **(params or {})}


_ACCOUNT = "/2010-04-01/Accounts/{account_sid}"
_SERVICE = "/v1/Services/{service_sid}"
_CHANNEL_SENDERS = "/v2/Channels/Senders"

MESSAGES = Resource(
    "messages",
    f"{_ACCOUNT}/Messages.json",
    key="messages",
    page_size=1000,
    one_path=f"{_ACCOUNT}/Messages/{{sid}}.json",
    right="messages",
)
ACCOUNT = Resource(
    "account", f"{_ACCOUNT}.json", right="the account (an auth token or a Main API key has it)"
)
ACCOUNTS = Resource(
    "accounts",
    "/2010-04-01/Accounts.json",
    key="accounts",
    page_size=1000,
    right="accounts and subaccounts (an auth token or a Main API key has it)",
)
BALANCE = Resource("balance", f"{_ACCOUNT}/Balance.json", right="the balance")
NUMBERS = Resource(
    "phone numbers",
    f"{_ACCOUNT}/IncomingPhoneNumbers.json",
    key="incoming_phone_numbers",
    page_size=1000,
    one_path=f"{_ACCOUNT}/IncomingPhoneNumbers/{{sid}}.json",
    right="incoming phone numbers",
)
SHORT_CODES = Resource(
    "short codes",
    f"{_ACCOUNT}/SMS/ShortCodes.json",
    key="short_codes",
    page_size=1000,
    one_path=f"{_ACCOUNT}/SMS/ShortCodes/{{sid}}.json",
    right="short codes",
)
MEDIA = Resource(
    "media", f"{_ACCOUNT}/Messages/{{message_sid}}/Media.json", key="media_list", right="message media"
)
# A page of 1,000 usage records was answered with HTTP 500, of 100 it was not:
# https://github.com/airbytehq/airbyte/issues/23512.
USAGE_DAYS = Resource(
    "usage records",
    f"{_ACCOUNT}/Usage/Records/Daily.json",
    key="usage_records",
    page_size=100,
    right="usage records",
)
USAGE_TRIGGERS = Resource(
    "usage triggers",
    f"{_ACCOUNT}/Usage/Triggers.json",
    key="usage_triggers",
    page_size=100,
    right="usage triggers",
)
SERVICES = Resource(
    "messaging services",
    "/v1/Services",
    key="services",
    host="messaging",
    page_size=1000,
    one_path="/v1/Services/{sid}",
    right="messaging services",
)
SERVICE_NUMBERS = Resource(
    "numbers of messaging services",
    f"{_SERVICE}/PhoneNumbers",
    key="phone_numbers",
    host="messaging",
    page_size=1000,
    right="phone numbers of messaging services",
)
SERVICE_SHORT_CODES = Resource(
    "short codes of messaging services",
    f"{_SERVICE}/ShortCodes",
    key="short_codes",
    host="messaging",
    page_size=1000,
    right="short codes of messaging services",
)
SERVICE_ALPHA_SENDERS = Resource(
    "alphanumeric senders",
    f"{_SERVICE}/AlphaSenders",
    key="alpha_senders",
    host="messaging",
    page_size=1000,
    right="alphanumeric senders of messaging services",
)
SERVICE_CHANNEL_SENDERS = Resource(
    "channel senders",
    f"{_SERVICE}/ChannelSenders",
    key="senders",
    host="messaging",
    page_size=1000,
    right="channel senders (WhatsApp, RCS) of messaging services",
)
# One list for each channel. How many rows a page may have differs by channel, so it is left to Twilio.
WHATSAPP_SENDERS = Resource(
    "WhatsApp senders",
    _CHANNEL_SENDERS,
    key="senders",
    host="messaging",
    right="WhatsApp senders (Channels Senders)",
)
RCS_SENDERS = Resource(
    "RCS senders",
    _CHANNEL_SENDERS,
    key="senders",
    host="messaging",
    right="RCS senders (Channels Senders)",
)
CAMPAIGNS = Resource(
    "A2P campaigns",
    f"{_SERVICE}/Compliance/Usa2p",
    key="compliance",
    host="messaging",
    right="A2P campaigns (Compliance Usa2p) of messaging services",
)
TOLL_FREE_VERIFICATIONS = Resource(
    "toll-free verifications",
    "/v1/Tollfree/Verifications",
    key="verifications",
    host="messaging",
    right="toll-free verifications",
)
PRICES = Resource(
    "prices", "/v1/Messaging/Countries/{iso_country}", host="pricing", right="messaging prices (Pricing)"
)
ALERTS = Resource(
    "alerts", "/v1/Alerts", key="alerts", host="monitor", page_size=1000, right="alerts (Monitor)"
)


def check_sid(sid: str) -> str:
    """The SID itself. It becomes part of a path, so anything else is refused with UsageError."""
    if not _SID.fullmatch(sid):
        raise UsageError(f"{sid!r} is not a SID. A SID is two capital letters and 32 hexadecimal digits.")
    return sid


def _check_part(name: str, value: str) -> str:
    if name != "iso_country":
        return check_sid(value)
    if not _COUNTRY.fullmatch(value):
        raise UsageError(f"{value!r} is not a country. Write two capital letters, such as US.")
    return value


def list_rows(
    client: TwilioClient, resource: Resource, account_sid: str, params: Params | None = None, **parts: str
) -> Iterator[dict[str, Any]]:
    """Every row of a list, page after page, as Twilio wrote them but without secrets.

    Args:
        params: filters of the list; our page size is added.
        parts: values of the other names in the path: ``service_sid``, ``message_sid``.

    Raises:
        TwilioError: see :meth:`TwilioClient.pages`.
    """
    path = resource.path_for(account_sid, **parts)
    for page in client.pages(path, resource.first_params(params), resource.key or "", resource.host):
        yield from page.rows


def fetch_object(client: TwilioClient, resource: Resource, account_sid: str, **parts: str) -> dict[str, Any]:
    """Fetch a resource that is one object; raises TwilioError as :meth:`TwilioClient.get_json` does."""
    return client.get_json(resource.path_for(account_sid, **parts), host=resource.host)


def set_values(
    client: TwilioClient, resource: Resource, account_sid: str, sid: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Set fields of one row of a list, by the names of Twilio's form; returns the changed row.

    Raises:
        TwilioError: see :meth:`TwilioClient.post_form`.
    """
    return client.post_form(resource.one_path_for(account_sid, sid), form, resource.host)


def message_page(
    client: TwilioClient,
    account_sid: str,
    params: Params | None = None,
    *,
    next_page_uri: str | None = None,
) -> ListPage:
    """One page of an account's messages, newest first, at most 1,000 rows.

    Args:
        params: filters of a first page: ``To``, ``From``, ``DateSent``, ``DateSent<``, ``DateSent>``
            (the inequality belongs to the key), ``PageSize``.
        next_page_uri: instead of filters, a later page as an earlier page named it; it contains the filters.

    Raises:
        UsageError: both are given, or ``account_sid`` is not a SID.
        TwilioError: see :meth:`TwilioClient.fetch_page`.
    """
    if next_page_uri is None:
        return _list_page(client, MESSAGES, MESSAGES.path_for(account_sid), MESSAGES.first_params(params))
    if params:
        raise UsageError("Give filters or a next_page_uri, not both: the URI carries its own filters.")
    return _list_page(client, MESSAGES, next_page_uri, None)


def _list_page(client: TwilioClient, resource: Resource, uri: str, params: Params | None) -> ListPage:
    return client.fetch_page(uri, params, resource.key or "", resource.host)


def fetch_message(client: TwilioClient, account_sid: str, message_sid: str) -> dict[str, Any] | None:
    """One message as Twilio has it now; None if Twilio says that it does not exist.

    A 404 that does not come from Twilio raises TwilioError, because it says nothing about the message.
    """
    try:
        return client.get_json(MESSAGES.one_path_for(account_sid, message_sid))
    except TwilioError as error:
        if error.status == 404 and error.code is not None:
            return None
        raise


def fetch_account(client: TwilioClient, account_sid: str) -> dict[str, Any]:
    """The account: sid, friendly_name, status, type … and never its ``auth_token``.

    An API key of type Standard or Restricted is refused here (401, code 20003), although it may read
    messages: https://www.twilio.com/docs/api/errors/20003.
    """
    return client.get_json(ACCOUNT.path_for(account_sid), host=ACCOUNT.host)


def fetch_balance(client: TwilioClient, account_sid: str) -> dict[str, Any]:
    """The account's balance: ``balance`` (text) and ``currency``, the one currency of the account."""
    return client.get_json(BALANCE.path_for(account_sid), host=BALANCE.host)
