"""Tests whether webhooks arrive: calls our public address as Twilio would, and once with a wrong signature.

Nothing is stored: the signed request has a field that marks it as a test.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx

from workbench.settings import INBOUND_PATH, PROBE_FIELD, STATUS_PATH, Secret
from workbench.twilio.signatures import SIGNATURE_HEADER, sign_form

_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
"""Twilio's own time-out."""
_FORM: Mapping[str, Sequence[str]] = {PROBE_FIELD: ["1"], "MessageStatus": ["sent"], "Empty": [""]}


@dataclass(frozen=True)
class Proof:
    """One request: what was requested, whether the answer was right, and if not, what it means."""

    what: str
    is_good: bool
    message: str


def prove(
    public_url: str, secrets: Mapping[str, Secret], transport: httpx.BaseTransport | None = None
) -> list[Proof]:
    """Ask for health, then send signed and forged webhooks through the public address.

    Stops at the first answer that shows that the address itself is wrong, because the others would be the
    same.

    Args:
        secrets: as :attr:`workbench.settings.Credentials.webhook_secrets`; not empty.
        transport: replaces the network, for tests.
    """
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=False, transport=transport) as client:
        health = _health(client, public_url)
        if not health.is_good:
            return [health]
        signed = [_signed(client, public_url + path, secrets) for path in (STATUS_PATH, INBOUND_PATH)]
        return [health, *signed, _forged(client, public_url + STATUS_PATH)]


def _health(client: httpx.Client, public_url: str) -> Proof:
    what = "GET /healthz"
    answer = _call(client, "GET", public_url + "/healthz")
    if isinstance(answer, str):
        return Proof(what, False, answer)
    if trouble := _redirect(answer):
        return Proof(what, False, trouble)
    try:
        is_ours = answer.status_code == 200 and answer.json().get("status") == "ok"
    except (ValueError, AttributeError):
        is_ours = False
    if is_ours:
        return Proof(what, True, "the hooks answer")
    return Proof(
        what,
        False,
        f"HTTP {answer.status_code} from something that is not our hooks: lead the proxy or tunnel to the "
        "port of `workbench serve --hooks-port` (5007), not to the pages.",
    )


def _signed(client: httpx.Client, url: str, secrets: Mapping[str, Secret]) -> Proof:
    what = f"signed POST {urlsplit(url).path}"
    answer = _post(client, url, sign_form(secrets, url, _FORM))
    if isinstance(answer, str):
        return Proof(what, False, answer)
    if trouble := _redirect(answer):
        return Proof(what, False, trouble)
    if answer.status_code in (200, 204):
        return Proof(what, True, f"HTTP {answer.status_code}, accepted")
    return Proof(what, False, _refused(answer, url))


def _refused(answer: httpx.Response, url: str) -> str:
    if answer.status_code == 403:
        return (
            "HTTP 403, the signature does not fit. The server was started with another WORKBENCH_PUBLIC_URL "
            f"than {url.partition('/webhooks')[0]!r} (http or https, host, path: all of it is signed) or "
            "other credentials, or the proxy changes the path. Restart `workbench serve` with these settings."
        )
    if answer.status_code == 503:
        return f"HTTP 503, the server takes no webhooks now: {answer.text.strip()[:200]}"
    return f"HTTP {answer.status_code} instead of 204; what answers there is not our hooks."


def _forged(client: httpx.Client, url: str) -> Proof:
    what = f"forged POST {urlsplit(url).path}"
    answer = _post(client, url, {SIGNATURE_HEADER: "bm90IGEgc2lnbmF0dXJlIG9mIG91cnM="})
    if isinstance(answer, str):
        return Proof(what, False, answer)
    if answer.status_code == 403:
        return Proof(what, True, "HTTP 403, refused as it must be")
    return Proof(what, False, f"HTTP {answer.status_code}: a forged webhook is not refused. Do not go on.")


def _post(client: httpx.Client, url: str, headers: Mapping[str, str]) -> httpx.Response | str:
    form = urlencode([(name, value) for name, values in _FORM.items() for value in values])
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return _call(client, "POST", url, {**kind, **headers}, form)


def _call(
    client: httpx.Client,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> httpx.Response | str:
    """The answer, or a text that says why there is none."""
    try:
        return client.request(method, url, headers=headers, content=body)
    except httpx.TimeoutException:
        return f"{_host(url)} does not answer within 15 seconds; is the proxy or tunnel running?"
    except httpx.ConnectError as error:
        return _unconnected(error, url)
    except httpx.HTTPError as error:
        return f"{_host(url)} broke off: {error or type(error).__name__}."


def _unconnected(error: httpx.ConnectError, url: str) -> str:
    if _certificate_trouble(error):
        return (
            f"the certificate of {_host(url)} is not valid ({_certificate_trouble(error)}); Twilio refuses "
            "it too. Let the proxy get one for this very host (docs/deploy.md)."
        )
    return f"{_host(url)} cannot be reached ({error}); is the proxy or tunnel running, and the name right?"


def _certificate_trouble(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return "CERTIFICATE_VERIFY_FAILED" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""


def _redirect(answer: httpx.Response) -> str:
    if not answer.is_redirect:
        return ""
    target = answer.headers.get("Location", "")
    to_https = target.startswith("https:") and answer.request.url.scheme == "http"
    reason = (
        "WORKBENCH_PUBLIC_URL must begin with https://"
        if to_https
        else "a sign-in or another page stands before the hooks: exempt /webhooks/ and /healthz from it"
    )
    return (
        f"HTTP {answer.status_code}, sent on to {target[:200]!r}; Twilio's signature would not fit there: "
        f"{reason}."
    )


def _host(url: str) -> str:
    return urlsplit(url).netloc
