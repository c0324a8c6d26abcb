"""Fetches an attachment's bytes: from Twilio's hosts only, up to a size limit, without leaking credentials.

The content comes from strangers. A redirect of Twilio's is followed without the credentials.
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
#: The Amazon buckets in which Twilio keeps media; other buckets there can belong to anybody.
_S3_HOST, _S3_PATH = "s3-external-1.amazonaws.com", "/media.twiliocdn.com/"

FindAddresses = Callable[[str], list[str]]
Hop = tuple[httpx.URL, Mapping[str, str], Mapping[str, str]]
"""Where to connect, with headers and extensions for the request."""


@dataclass(frozen=True)
class MediaFile:
    """An attachment. The type is what Twilio says; the content must be treated as hostile."""

    content: bytes
    content_type: str


def find_addresses(host: str) -> list[str]:
    """The IP addresses of a host."""
    return [str(resolved[4][0]) for resolved in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]


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

    The credentials are sent to Twilio's API (or ``base_url``) only. A redirect is followed only over HTTPS to
    Twilio's hosts with public addresses, or within ``base_url``.

    Args:
        largest: the size limit in bytes.
        transport: replaces the network, for tests.
        find_addresses: replaces the look-up of a host, for tests.

    Raises:
        TwilioError: Twilio refused, the file is too large, or a redirect leads elsewhere.
        TwilioUnavailable: no complete answer, 429 or 5xx; the same call may work later.
        UsageError: one of the SIDs is not a SID.
    """
    base = parse_base_url(base_url)
    origin = twilio_origin("api", base)
    sids = [check_sid(sid) for sid in (account_sid, message_sid, media_sid)]
    url = _media_url(origin, *sids)
    getter = _Getter(credentials, base, largest, find_addresses)
    auth: httpx.BasicAuth | None = httpx.BasicAuth(*credentials.basic_auth)
    with httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=not is_loopback(base)) as http:
        for _ in range(MOST_REDIRECTS + 1):
            answer = getter.get(http, url, auth)
            if isinstance(answer, MediaFile):
                return answer
            url, auth = answer, None
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
        """The file, or the address it redirects to; credentials are sent with the first request only."""
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
        """Check a redirect and give the IP address to connect to, so that no second look-up can change it."""
        if self.base is not None and _origin(url) == _origin(self.base) and not url.userinfo:
            return url, {}, {}
        if not is_allowed(url):
            raise TwilioError(
                f"Refused to fetch an attachment from {url.host!r}: that is not a host of Twilio."
            )
        try:
            addresses = self.find_addresses(url.host)
        except OSError as error:
            raise TwilioUnavailable(f"{url.host} was not found: {error.strerror or error}.") from error
        if not addresses or not all(map(is_public, addresses)):
            raise TwilioError(f"Refused to fetch an attachment: {url.host} is not at a public address.")
        # IPv4 first: many machines can look up IPv6 addresses but cannot reach them.
        chosen = min(addresses, key=lambda address: ":" in address)
        return url.copy_with(host=chosen), {"Host": url.host}, {"sni_hostname": url.host}

    def _failure(self, url: httpx.URL, answer: Answer) -> TwilioError:
        origin = str(url.copy_with(raw_path=b"/")).rstrip("/")
        return failure(tidy(answer, self._redact), Call(origin, self.base is not None, attempts=1))

    def _redact(self, text: str) -> str:
        return scrub(text, self.credentials)


def is_allowed(url: httpx.URL) -> bool:
    """Whether attachments may be fetched from there: over HTTPS, from the places where Twilio keeps them."""
    if url.scheme != "https" or url.port not in (None, 443) or url.userinfo:
        return False
    in_bucket = url.host == _S3_HOST and url.path.startswith(_S3_PATH) and "/." not in url.path
    return in_bucket or f".{url.host}".endswith(_ALLOWED_SUFFIXES)


def is_public(address: str) -> bool:
    """Whether an IP address is on the internet, not on this machine or network."""
    parsed = ipaddress.ip_address(address)
    return parsed.is_global and not parsed.is_multicast


def _target(url: httpx.URL, location: str) -> httpx.URL:
    try:
        return url.join(location)
    except httpx.InvalidURL as error:
        raise TwilioError("Twilio redirected an attachment to something that is not a URL.") from error


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
