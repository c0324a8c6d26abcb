"""Looks at an attachment before Twilio does: that it is there, what it is and how large, without taking it
all.

The address was written by a person or came from a file, so it may lead anywhere: only public addresses are
asked, the one that was checked is the one connected to, and no more is read than the largest attachment
allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from workbench.messaging.addresses import channel
from workbench.twilio.media import find_addresses, is_public

IMAGES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif"})
LARGEST_IMAGE, LARGEST_OTHER, LARGEST_ON_CHANNELS = 5 * 1024 * 1024, 500 * 1024, 16 * 1024 * 1024
"""Twilio's limits: https://help.twilio.com/articles/360018832773."""

_TYPES = (
    "image/",
    "audio/",
    "video/",
    "text/vcard",
    "text/x-vcard",
    "text/calendar",
    "application/pdf",
    "text/csv",
)
_TIMEOUT = httpx.Timeout(5.0)
_LOOK_SECONDS = 15.0
_REDIRECTS = 3


def check_media(
    address: str,
    to: str = "",
    *,
    allow_private: bool = False,
    find_addresses: Callable[[str], list[str]] = find_addresses,
) -> str | None:
    """What is wrong with an attachment, in one sentence; None if Twilio should take it.

    Args:
        address: its URL.
        to: the recipient; WhatsApp and RCS take larger files.
        allow_private: for a simulated account, which lives on this machine.
        find_addresses: looks a host up.
    """
    deadline = time.monotonic() + _LOOK_SECONDS
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return f"{address[:80]!r} is no web address."
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as http:
            for _ in range(_REDIRECTS + 1):
                if url.scheme not in ("http", "https") or not url.host or url.userinfo:
                    return f"{address[:80]} leads to something that is no web address."
                where = url if allow_private else _checked(url, find_addresses)
                if where is None:
                    return f"{url.host} is not at a public address, so Twilio could not fetch it."
                outcome = _look(http, url, where, to, deadline)
                if not isinstance(outcome, httpx.URL):
                    return outcome
                url = outcome
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        where_to = url.host or address[:80]
        return f"{where_to} does not give the attachment ({type(error).__name__}). Check the address."
    return f"{address[:80]} redirects more than {_REDIRECTS} times."


def _checked(url: httpx.URL, find_addresses: Callable[[str], list[str]]) -> httpx.URL | None:
    """The address with the host replaced by where it is, so that no second look-up decides."""
    addresses = find_addresses(url.host)
    if not addresses or not all(map(is_public, addresses)):
        return None
    return url.copy_with(host=min(addresses, key=lambda address: ":" in address))


def _look(
    http: httpx.Client, url: httpx.URL, where: httpx.URL, to: str, deadline: float
) -> httpx.URL | str | None:
    """The address it redirects to, or what is wrong, or None."""
    port = f":{url.port}" if url.port else ""
    headers = {"Host": url.host + port, "User-Agent": "workbench", "Accept-Encoding": "identity"}
    # Not HEAD: many stores answer it differently or not at all. The body is left alone unless its length is
    # unknown.
    with http.stream("GET", where, headers=headers, extensions={"sni_hostname": url.host}) as response:
        if response.is_redirect:
            return url.join(response.headers.get("location", ""))
        if response.status_code != 200:
            return f"{url.host} answers {response.status_code} for the attachment."
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.startswith(_TYPES):
            return file_problem(kind, 0, to)
        size = response.headers.get("content-length", "")
        length = int(size) if size.isdigit() else _measure(response, _largest(kind, to), deadline)
        return file_problem(kind, length, to)


def file_problem(kind: str, size: int, to: str = "", others: int = 0) -> str | None:
    """What is wrong with a file of this content type and size as an attachment; None if it can go.

    Args:
        to: the recipient; WhatsApp and RCS take larger files.
        others: bytes of the other attachments of the message: by MMS all of them together are limited.
    """
    if not kind.startswith(_TYPES):
        return f"The attachment is {kind or 'of no stated type'}; images, audio, video, PDF, vCard can go."
    largest = _largest(kind, to)
    if size > largest:
        return f"The attachment has {size:,} bytes or more; {kind} may have {largest:,} bytes."
    if channel(to) == "sms" and size + others > LARGEST_IMAGE:
        return (
            f"The attachments have {size + others:,} bytes together; by MMS they may have "
            f"{LARGEST_IMAGE:,} bytes. Remove one."
        )
    return "The attachment is empty." if size == 0 else None


def _largest(kind: str, to: str) -> int:
    if channel(to) in ("whatsapp", "rcs"):
        return LARGEST_ON_CHANNELS
    return LARGEST_IMAGE if kind in IMAGES else LARGEST_OTHER


def _measure(response: httpx.Response, largest: int, deadline: float) -> int:
    length = 0
    for chunk in response.iter_bytes():
        length += len(chunk)
        if length > largest:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout(f"not finished after {_LOOK_SECONDS:g} s")
    return length
