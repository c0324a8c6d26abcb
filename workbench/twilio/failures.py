"""Builds the error that a user reads from a failed answer: first Twilio's message, then what to do."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable
from workbench.messaging.error_codes import explain
from workbench.twilio.answers import Answer

_BASE_URL_HINT = "The address comes from WORKBENCH_TWILIO_BASE_URL or [twilio] base_url in workbench.toml."

_STATUS_PAGE = "Twilio's own status: https://status.twilio.com"

_REMEDIES = {
    401: "Check TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET.",
    403: "These credentials lack the right to this; use the auth token or an API key that has it.",
    404: "Check the account SID and the SID that was asked for.",
    429: "The account already has as many requests in flight as Twilio allows: run the same again later.",
}


@dataclass(frozen=True)
class Call:
    """What the error text says about the call."""

    origin: str
    """Scheme, host and port that were called."""
    is_redirected: bool
    """Whether a configured base URL replaces Twilio's hosts."""
    attempts: int
    """How many attempts were made."""
    uses_api_key: bool = False


def failure(answer: Answer, call: Call) -> TwilioError:
    """The error for a tidy answer that will not be retried; its text is one line."""
    if answer.status is None:
        return TwilioUnavailable(_unreachable(answer, call))
    if answer.error is None:
        return TwilioUnavailable(_unreadable(answer, call), status=answer.status)
    code = answer.error.code
    text = f"{_what_twilio_said(answer, call)}{_tries(call)}. {_remedy(answer, call)}"
    if answer.status in (401, 403):
        return TwilioAuthError(text, status=answer.status, code=code)
    if answer.status == 429 or answer.status >= 500:
        return TwilioUnavailable(text, status=answer.status, code=code)
    return TwilioError(text, status=answer.status, code=code)


def _what_twilio_said(answer: Answer, call: Call) -> str:
    error = answer.error
    if error is None or not (error.message or error.code):
        return f"HTTP {answer.status} from {call.origin} with {answer.problem}"
    code = f", Twilio error {error.code}" if error.code is not None else ""
    return f"HTTP {answer.status}{code}: {error.message.rstrip('.') or 'no message'}"


def _remedy(answer: Answer, call: Call) -> str:
    error_code = explain(answer.error.code if answer.error else None)
    if error_code is None:
        advice = _by_status(answer, call)
    elif error_code.owner == "unknown":
        advice = f"{_by_status(answer, call)} See {error_code.url}"
    else:
        advice = f"{error_code.fix} See {error_code.url}"
    if answer.status == 401 and call.uses_api_key:
        advice += " (An API key of type Standard or Restricted may not read the account itself.)"
    return advice


def _by_status(answer: Answer, call: Call) -> str:
    status = answer.status or 0
    is_twilios = answer.error is not None and answer.error.code is not None
    if 300 <= status < 400:
        host = _location_host(answer.location) or "another page"
        return (
            f"It redirects to {host}, which is not followed: credentials go nowhere else. {_in_between(call)}"
        )
    if status >= 500:
        state = _BASE_URL_HINT if call.is_redirected else _STATUS_PAGE
        return f"Run the same again later. {state}"
    if not is_twilios and status not in (401, 403, 429):
        return f"That is no answer of Twilio's API. {_in_between(call)}"
    return _REMEDIES.get(status, "Correct the request and run it again.")


def _in_between(call: Call) -> str:
    return _BASE_URL_HINT if call.is_redirected else "Look for a proxy between here and Twilio."


def _location_host(location: str | None) -> str | None:
    # The host only: the rest of a redirect can be a signed link.
    try:
        return urlsplit(location or "").hostname
    except ValueError:
        return None


def _unreachable(answer: Answer, call: Call) -> str:
    is_connected = not isinstance(answer.cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
    what = "gave no complete answer" if is_connected else "does not answer"
    return f"{call.origin} {what}: {answer.problem}{_tries(call)}. {_network_hint(call)}"


def _unreadable(answer: Answer, call: Call) -> str:
    return (
        f"HTTP {answer.status} from {call.origin} with {answer.problem}{_tries(call)}. {_network_hint(call)}"
    )


def _network_hint(call: Call) -> str:
    if call.is_redirected:
        return f"Is the simulator or proxy running there (`workbench simulate`)? {_BASE_URL_HINT}"
    return f"Check this machine's network, DNS and proxy. {_STATUS_PAGE}"


def _tries(call: Call) -> str:
    return f" ({call.attempts} attempts)" if call.attempts > 1 else ""
