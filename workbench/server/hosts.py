"""Which `Host` a server answers to. Pure.

A browser takes any name that resolves to 127.0.0.1 for a site of its own (DNS rebinding). For a page of
such a name this server is its own origin; only the name in `Host` tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = (80, 443)
_ALL_ADDRESSES = ("", "0.0.0.0", "::")


def served_hosts(port: int, configured: Iterable[str], host: str = "127.0.0.1") -> frozenset[str]:
    """The values of `Host` that are answered, in lower case.

    Args:
        port: that the server listens on; loopback names count with this port only.
        configured: `name` or `name:port`; a proxy may pass the name without its port, so that counts too.
        host: the address that the server listens on.
    """
    names = {*LOOPBACK_NAMES, *([] if host in _ALL_ADDRESSES else [_bracketed(host.lower())])}
    own = {f"{name}:{port}" for name in names}
    if port in _DEFAULT_PORTS:
        own |= names
    return frozenset(own).union(*map(_spellings, configured))


def is_served(request: HTTPServerRequest, hosts: frozenset[str]) -> bool:
    """Whether a request names one of these hosts, once, and asks for a path of it.

    A target that is a whole address (`GET http://host/`) would count for more than `Host`; only proxies are
    asked that way. `X-Forwarded-Host` counts for nothing: anybody can write it.
    """
    named = request.headers.get_list("Host")
    return len(named) == 1 and named[0].lower() in hosts and (request.uri or "").startswith("/")


def host_of(url: str) -> str:
    """`name` or `name:port` of an address, in lower case."""
    return urlsplit(url).netloc.lower()


def _spellings(configured: str) -> set[str]:
    name = _bracketed(urlsplit(f"//{configured.lower()}").hostname or "")
    return {configured.lower(), name, *(f"{name}:{port}" for port in _DEFAULT_PORTS)}


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
