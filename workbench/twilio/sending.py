"""Creates and cancels messages with the official SDK: one request each, never repeated, with time-outs.

There are four outcomes. After `Accepted` Twilio has the message; after `SendRefused` and `NotSent` it
certainly has none; after `Unclear` it may have one, and only Twilio's log can tell.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Any

import requests
import urllib3.exceptions
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable
from workbench.messaging.error_codes import explain
from workbench.messaging.number_masking import mask_numbers
from workbench.settings import Credentials
from workbench.twilio.redaction import scrub
from workbench.twilio.resources import check_sid
from workbench.twilio.urls import is_loopback, parse_base_url

#: Time-outs in seconds: to connect, and between two bytes of the answer.
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0

#: Errors after which no request was made, because there was no connection.
_NEVER_LEFT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)

_log = logging.getLogger("workbench.twilio.sdk")
_log.propagate = False


@dataclass(frozen=True)
class Accepted:
    """Twilio has the message; `payload` is the Message resource as its JSON would be."""

    message_sid: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class SendRefused:
    """Twilio answered and created no message; `status` is HTTP's, `code` Twilio's."""

    status: int
    code: int | None
    problem: str


@dataclass(frozen=True)
class NotSent:
    """The request never reached Twilio."""

    problem: str


@dataclass(frozen=True)
class Unclear:
    """It is not known whether Twilio has the message."""

    problem: str


Outcome = Accepted | SendRefused | NotSent | Unclear


@dataclass(frozen=True)
class NewMessage:
    """The parameters of a create request; see Twilio's Message resource."""

    to: str
    body: str = ""
    sender: str | None = None
    service: str | None = None
    media: Sequence[str] = ()
    send_at: datetime | None = None
    validity_seconds: int | None = None
    content_sid: str | None = None
    content_variables: str | None = None
    status_callback: str | None = None

    def arguments(self) -> dict[str, Any]:
        """The SDK's arguments, with times in UTC, because the SDK writes Z after a time of any zone."""
        arguments: dict[str, Any] = {
            "to": self.to,
            "body": self.body or None,
            "from_": self.sender,
            "messaging_service_sid": self.service,
            "media_url": list(self.media) or None,
            "validity_period": self.validity_seconds,
            "content_sid": self.content_sid,
            "content_variables": self.content_variables,
            "status_callback": self.status_callback,
        }
        if self.send_at is not None:
            arguments |= {"send_at": self.send_at.astimezone(UTC), "schedule_type": "fixed"}
        return {name: value for name, value in arguments.items() if value is not None}


class _OnceClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's HTTP client with time-outs, which it lacks, and without repeated requests."""

    def __init__(self, *, trust_env: bool) -> None:
        super().__init__(max_retries=0, logger=_log)
        self.session.trust_env = trust_env
        self.session.mount("https://", requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=32))
        self.session.mount("http://", requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=32))
        # The constructor accepts only one number, so the pair is set here.
        self.timeout = (CONNECT_SECONDS, READ_SECONDS)


class MessageSender:
    """Sends for one account; safe to share between threads, never copied or pickled.

    Args:
        credentials: account with auth token or API key.
        base_url: one address that replaces every Twilio host.
    """

    def __init__(self, credentials: Credentials, *, base_url: str | None = None) -> None:
        self._credentials = credentials
        base = parse_base_url(base_url)
        user, password = credentials.basic_auth
        self._http = _OnceClient(trust_env=not is_loopback(base))
        self._client = Client(
            user, password, account_sid=credentials.account_sid, http_client=self._http,
            # TWILIO_REGION and TWILIO_EDGE are ignored, so that reading and sending reach the same account.
            environment={"TWILIO_REGION": ""},
        )  # fmt: skip
        if base is not None:
            self._client.api.base_url = str(base).rstrip("/")

    def __repr__(self) -> str:
        return f"MessageSender({self._credentials.account_sid!r})"

    def __reduce__(self) -> str:
        raise TypeError("a MessageSender holds credentials and is never pickled or copied")

    def __enter__(self) -> MessageSender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.session.close()

    def create(self, message: NewMessage) -> Outcome:
        """Make one create request."""
        try:
            created = self._client.messages.create(**message.arguments())
        except (TwilioRestException, TwilioServiceException) as error:
            return self._answered(error)
        except requests.RequestException as error:
            return self._broken(error)
        except (TwilioException, ValueError, KeyError, TypeError) as error:
            return Unclear(f"Twilio's answer could not be read ({type(error).__name__}).")
        if not created.sid:
            return Unclear("Twilio's answer names no message.")
        return Accepted(created.sid, _payload(created))

    def cancel(self, message_sid: str) -> Mapping[str, Any]:
        """Cancel a message that is scheduled and not sent yet; returns the changed Message resource.

        Raises:
            TwilioError: it can no longer be canceled, or does not exist.
            TwilioUnavailable: no answer; the call can safely be repeated.
        """
        try:
            return _payload(self._client.messages(check_sid(message_sid)).update(status="canceled"))
        except (TwilioRestException, TwilioServiceException) as error:
            refused = self._answered(error)
            if isinstance(refused, SendRefused):
                kind = TwilioAuthError if refused.status in (401, 403) else TwilioError
                raise kind(refused.problem, status=refused.status, code=refused.code) from error
            raise TwilioUnavailable(refused.problem) from error
        except requests.RequestException as error:
            raise TwilioUnavailable(self._broken(error).problem) from error
        except (TwilioException, ValueError, KeyError, TypeError) as error:
            raise TwilioUnavailable(f"Twilio's answer could not be read ({type(error).__name__}).") from error

    def _answered(self, error: TwilioRestException | TwilioServiceException) -> SendRefused | Unclear:
        status, message = int(error.status), getattr(error, "msg", None) or getattr(error, "detail", None)
        code = None if error.code in (None, status) else int(error.code)
        problem = self._problem(status, code, str(message or "").partition(": ")[2] or str(message or ""))
        # A time-out or a server error can come after the message was created.
        return (
            SendRefused(status, code, problem) if 400 <= status < 500 and status != 408 else Unclear(problem)
        )

    def _problem(self, status: int, code: int | None, message: str) -> str:
        text = f"HTTP {status}" + (f", Twilio error {code}" if code is not None else "")
        # The recipient's number is in it, and errors are stored and shown.
        masked = mask_numbers(scrub(" ".join(message.split()), self._credentials))
        text += f": {masked.rstrip('.')}." if message else "."
        explanation = explain(code)
        return text if explanation is None else f"{text} {explanation.fix} See {explanation.url}"

    def _broken(self, error: requests.RequestException) -> NotSent | Unclear:
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        if isinstance(error, requests.ConnectTimeout) or isinstance(reason, _NEVER_LEFT):
            return NotSent("Twilio could not be reached, and nothing was sent. Check the network; try again.")
        return Unclear(f"The connection to Twilio broke before an answer ({type(error).__name__}).")


_FIELDS = (
    "sid", "account_sid", "messaging_service_sid", "to", "body", "status", "direction", "num_segments",
    "num_media", "price", "price_unit", "error_code", "error_message",
)  # fmt: skip
_DATES = ("date_created", "date_sent", "date_updated")


def _payload(created: Any) -> dict[str, Any]:
    """The SDK's object as the JSON it was made from, so that our one reader of messages can read it."""
    dates = {name: getattr(created, name) for name in _DATES}
    return {
        **{name: getattr(created, name) for name in _FIELDS},
        "from": created.from_,
        **{name: format_datetime(value) if value else None for name, value in dates.items()},
    }
