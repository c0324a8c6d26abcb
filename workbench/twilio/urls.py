"""Which hosts a request may go to. Every request has credentials, so no answer may choose the host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

import httpx

from workbench.errors import ConfigError, TwilioError, UsageError


def parse_base_url(base_url: str | None) -> httpx.URL | None:
    """Check the address that replaces every Twilio host.

    Raises:
        ConfigError: it is not a bare http(s) address.
    """
    if base_url is None:
        return None
    try:
        url = httpx.URL(base_url.rstrip("/"))
        # httpx accepts both, and the socket then fails with its own errors.
        if not 0 < (url.port or 80) < 65536:
            raise httpx.InvalidURL(f"there is no port {url.port}")
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigError(f"The Twilio base URL is {base_url!r}: {error}. {_BASE_URL_FORM}") from error
    if url.userinfo:
        raise ConfigError("The Twilio base URL contains a user or password; give the bare address instead.")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ConfigError(f"The Twilio base URL is {base_url!r}. {_BASE_URL_FORM}")
    return url


_BASE_URL_FORM = "It must look like https://host or http://127.0.0.1:8080 (WORKBENCH_TWILIO_BASE_URL)."


def twilio_origin(host: str, base_url: httpx.URL | None) -> httpx.URL:
    """The address of one Twilio product, ``host`` being its first label: api, messaging, pricing …

    Raises:
        UsageError: ``host`` is not a single label, and could name a host that is not Twilio's.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", host):
        raise UsageError(
            f"{host!r} is not a Twilio host; give its first label, such as 'api' or 'messaging'."
        )
    return base_url or httpx.URL(f"https://{host}.twilio.com")


def resolve(
    uri: str, host: str, base_url: httpx.URL | None, params: Mapping[str, str | int] | None = None
) -> httpx.URL:
    """The URL to call for a path or a next-page URI, with its query as Twilio wrote it.

    A path goes to the product's host. An absolute URL must name the same host (or ``base_url``, if set); with
    ``base_url`` it is called there.

    Raises:
        TwilioError: the URI leads to another host, or is not a URI.
        UsageError: ``host`` is not a Twilio host.
    """
    origin = twilio_origin(host, base_url)
    url = _join(uri, host, origin)
    if url is None:
        # Neither the address nor httpx's error is shown, because they may contain a user and password.
        raise TwilioError(f"{origin.host} named a page whose address is neither a path nor an https:// URL.")
    # Compare the host that httpx will connect to, not how the text looks.
    if not _same_origin(url, origin) or url.userinfo:
        raise TwilioError(
            f"Refused to follow a page to {url.host!r}: the credentials go to {origin.host!r} only. "
            "Check what answers at that address (WORKBENCH_TWILIO_BASE_URL)."
        )
    return url.copy_merge_params(params) if params else url


def _join(uri: str, host: str, origin: httpx.URL) -> httpx.URL | None:
    """The absolute URL, with a product's own address replaced by ``origin``; None if it cannot be read."""
    try:
        if uri.startswith("/") and not uri.startswith("//"):
            return httpx.URL(f"{origin}".rstrip("/") + uri)
        url = httpx.URL(uri)
        if _same_origin(url, httpx.URL(f"https://{host}.twilio.com")) and not url.userinfo:
            return httpx.URL(f"{origin}".rstrip("/") + url.raw_path.decode("ascii"))
    except httpx.InvalidURL:
        return None
    return url if url.is_absolute_url else None


def _same_origin(a: httpx.URL, b: httpx.URL) -> bool:
    return (a.scheme, a.host, a.port) == (b.scheme, b.host, b.port)


def is_loopback(url: httpx.URL | None) -> bool:
    """Whether the address is this machine itself."""
    if url is None:
        return False
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"
