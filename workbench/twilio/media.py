"""Fetches an attachment's bytes, which somebody else wrote: from Twilio only, of bounded size, and without
lending the credentials to whomever Twilio redirects to.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from workbench.errors import TwilioError, TwilioUnavailable
from workbench.settings import Credentials
from workbench.twilio.answers import Answer, no_answer, read_answer, tidy
from workbench.twilio.client import ANSWER_WITHIN, TIMEOUT
from workbench.twilio.failures import Call, failure
from workbench.twilio.redaction import scrub
from workbench.twilio.resources import check_sid
from workbench.twilio.urls import is_loopback, parse_base_url, twilio_origin

#: The most that any channel takes: https://help.twilio.com/articles/360018832773.
LARGEST_MEDIA = 16 * 1024 * 1024
MOST_REDIRECTS = 4

_ALLOWED_SUFFIXES = (".twilio.com", ".twiliocdn.com")
#: Buckets of Amazon's that Twilio keeps media in; anybody can have others there.
_S3_HOST, _S3_PATH = "s3-external-1.amazonaws.com", "/media.twiliocdn.com/"

FindAddresses = Callable[[str], list[str]]
Hop = tuple[httpx.URL, Mapping[str, str], Mapping[str, str]]
"""Where to connect, with headers and extensions for the request."""


@dataclass(frozen=True)
class MediaFile:
    """An attachment. Its type is what Twilio says and its content is hostile until proven otherwise."""

    content: bytes
    content_type: str


def find_addresses(host: str) -> list[str]:
    """The IP addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]


def fetch_media_bytes(
    credentials: Credentials,
    account_sid: str,
    message_sid: str,
    media_sid: str,
    *,
    base_url: str | None = None,
    largest: int = LARGEST_MEDIA,
    transport: httpx.BaseTransport | None = None,
    find_addresses: FindAddresses = find_addresses,
) -> MediaFile:
    """Fetch one attachment of a message.

    The credentials go to Twilio's API (or ``base_url``) and no further. A redirect is followed over HTTPS to
    hosts of Twilio's with public addresses only, or within ``base_url``.

    Args:
        largest: most bytes taken.
        transport: replaces the network, for tests.
        find_addresses: looks a host up, for tests.

    Raises:
        TwilioError: Twilio refused, the file is too large, or a redirect leads elsewhere.
        TwilioUnavailable: no complete answer, 429 or 5xx; the same call may work later.
        UsageError: one of the SIDs is none.
    """
    base = parse_base_url(base_url)
    origin = twilio_origin("api", base)
    sids = [check_sid(sid) for sid in (account_sid, message_sid, media_sid)]
    url = _media_url(origin, *sids)
    getter = _Getter(credentials, base, largest, find_addresses)
    auth: httpx.BasicAuth | None = httpx.BasicAuth(*credentials.basic_auth)
    with httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=not is_loopback(base)) as http:
        for _ in range(MOST_REDIRECTS + 1):
            found = getter.get(http, url, auth)
            if isinstance(found, MediaFile):
                return found
            url, auth = found, None
    raise TwilioError(f"Twilio redirected more than {MOST_REDIRECTS} times on the way to {media_sid}.")


def _media_url(origin: httpx.URL, account_sid: str, message_sid: str, media_sid: str) -> httpx.URL:
    path = f"/2010-04-01/Accounts/{account_sid}/Messages/{message_sid}/Media/{media_sid}"
    return httpx.URL(f"{origin}".rstrip("/") + path)


@dataclass(frozen=True)
class _Getter:
    """What all steps of one fetch share."""

    credentials: Credentials
    base: httpx.URL | None
    largest: int
    find_addresses: FindAddresses

    def get(self, http: httpx.Client, url: httpx.URL, auth: httpx.BasicAuth | None) -> MediaFile | httpx.URL:
        """The file, or the address it redirects to; credentials are lent for the first step only."""
        where, headers, extensions = (url, {}, {}) if auth else self._checked(url)
        started = time.perf_counter()
        try:
            with http.stream(
                "GET", where, auth=auth, headers=dict(headers), extensions=dict(extensions)
            ) as response:
                if response.is_redirect:
                    return _target(url, response.headers.get("location", ""))
                body = self._read(response, started)
        except httpx.HTTPError as error:
            answer = no_answer(error, self._redact(str(error)), time.perf_counter() - started)
            raise self._failure(url, answer) from answer.cause
        if response.status_code != 200:
            raise self._failure(url, read_answer(response.status_code, response.headers, body, 0.0))
        return MediaFile(body, response.headers.get("content-type", "application/octet-stream"))

    def _read(self, response: httpx.Response, started: float) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > self.largest:
                raise TwilioError(f"The attachment is larger than {self.largest:,} bytes and was not taken.")
            if time.perf_counter() - started > ANSWER_WITHIN:
                raise httpx.ReadTimeout(f"not finished after {ANSWER_WITHIN:g} s")
        return b"".join(chunks)

    def _checked(self, url: httpx.URL) -> Hop:
        """Where a redirect may go: by the address that was checked, so that no second look-up decides."""
        if self.base is not None and _origin(url) == _origin(self.base) and not url.userinfo:
            return url, {}, {}
        if not is_allowed(url):
            raise TwilioError(
                f"Refused to fetch an attachment from {url.host!r}: that is no host of Twilio's."
            )
        try:
            addresses = self.find_addresses(url.host)
        except OSError as error:
            raise TwilioUnavailable(f"{url.host} was not found: {error.strerror or error}.") from error
        if not addresses or not all(map(is_public, addresses)):
            raise TwilioError(f"Refused to fetch an attachment: {url.host} is not at a public address.")
        # IPv4 first: many machines look IPv6 addresses up but cannot reach them.
        chosen = min(addresses, key=lambda found: ":" in found)
        return url.copy_with(host=chosen), {"Host": url.host}, {"sni_hostname": url.host}

    def _failure(self, url: httpx.URL, answer: Answer) -> TwilioError:
        origin = str(url.copy_with(raw_path=b"/")).rstrip("/")
        return failure(tidy(answer, self._redact), Call(origin, self.base is not None, attempts=1))

    def _redact(self, text: str) -> str:
        return scrub(text, self.credentials)


def is_allowed(url: httpx.URL) -> bool:
    """Whether attachments may be fetched there: by HTTPS, from where Twilio keeps them."""
    if url.scheme != "https" or url.port not in (None, 443) or url.userinfo:
        return False
    in_bucket = url.host == _S3_HOST and url.path.startswith(_S3_PATH) and "/." not in url.path
    return in_bucket or f".{url.host}".endswith(_ALLOWED_SUFFIXES)


def is_public(address: str) -> bool:
    """Whether an IP address is on the internet, not on this machine or network."""
    found = ipaddress.ip_address(address)
    return found.is_global and not found.is_multicast


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except httpx.InvalidURL as error:
        raise TwilioError("Twilio redirected an attachment to something that is no address.") from error


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
