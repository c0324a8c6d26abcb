"""Checks of the way from Twilio to here: does a webhook arrive, is it checked, and how long is that so?"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.errors import ConfigError
from workbench.webhook_setup.prove import prove
from workbench.webhook_setup.setup import check_public_url

_NO_ADDRESS = (
    "WORKBENCH_PUBLIC_URL is not set: Twilio calls nothing here, and statuses come with the next sync."
)
_TIMEOUT = 5.0
_FEW_DAYS, _LAST_DAYS = 21, 7


def check_webhooks(examination: Examination) -> Iterator[CheckResult]:
    """A signed webhook is taken through the public address, and a forged one is refused."""
    if examination.settings.public_url is None:
        yield skipped(_NO_ADDRESS)
        return
    try:
        public_url, notices = check_public_url(examination.settings)
    except ConfigError as error:
        yield failure(str(error), "Correct WORKBENCH_PUBLIC_URL and restart `workbench serve`.")
        return
    credentials = examination.settings.optional_credentials
    if credentials is None or not credentials.webhook_secrets:
        yield failure(
            "No auth token is set, so no webhook can be checked, and none is taken.",
            "Set TWILIO_AUTH_TOKEN as well; the API key goes on being used for everything else.",
        )
        return
    for notice in notices:
        yield warning(notice, "See docs/deploy.md.")
    for proof in prove(public_url, credentials.webhook_secrets):
        if proof.is_good:
            yield fine(f"{proof.message}.", proof.what)
        else:
            yield failure(proof.message, "`workbench connect` tries the same again.", "", proof.what)


def check_certificate(examination: Examination) -> Iterator[CheckResult]:
    """The certificate of the public address is valid for some time."""
    parts = urlsplit(examination.settings.public_url or "")
    if parts.scheme != "https":
        yield skipped("The public address is not https." if parts.scheme else _NO_ADDRESS)
        return
    host, port = parts.hostname or "", parts.port or 443
    try:
        ends_at = certificate_end(host, port)
    except ssl.SSLCertVerificationError as error:
        yield failure(f"The certificate of {host} is not valid: {error.verify_message}.", _RENEW)
        return
    except OSError as error:
        yield failure(f"{host}:{port} cannot be reached: {error}.", "Start the proxy or tunnel.")
        return
    yield judge_certificate(host, ends_at, examination.now)


_RENEW = "Let the proxy renew it (docs/deploy.md); Twilio calls no address with a bad certificate."


def judge_certificate(host: str, ends_at: datetime, now: datetime) -> CheckResult:
    """Whether a certificate is valid for long enough. Pure."""
    days = (ends_at - now).days
    evidence = f"The certificate of {host} is valid for {plural(days, 'day')}, until {ends_at:%Y-%m-%d}."
    if days < _LAST_DAYS:
        return failure(evidence, _RENEW)
    return warning(evidence, _RENEW) if days < _FEW_DAYS else fine(evidence)


def certificate_end(host: str, port: int, context: ssl.SSLContext | None = None) -> datetime:
    """When the certificate that a server shows ends, in UTC.

    Raises:
        ssl.SSLCertVerificationError: it is not valid for this host.
        OSError: nothing answers there.
    """
    context = context or ssl.create_default_context()
    with (
        socket.create_connection((host, port), _TIMEOUT) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
