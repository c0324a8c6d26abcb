"""Where a request came from. What a proxy says of it counts only if that proxy is trusted. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.settings import Network


@dataclass(frozen=True)
class Caller:
    """`through_proxy`: the connection itself is a trusted proxy's."""

    address: str
    is_https: bool
    through_proxy: bool


def caller(peer: str | None, headers: Mapping[str, str], scheme: str, trusted: Sequence[Network]) -> Caller:
    """Who calls, by the connection and, from a trusted proxy, by `X-Forwarded-For` and `-Proto`.

    Args:
        peer: address of the other end of the connection.
        headers: of the request; names in any case.
        scheme: of the connection itself.

    The address is the last one in `X-Forwarded-For` that is not a trusted proxy's: what stands before it was
    written by the caller and may be anything.
    """
    peer = peer or ""
    if not _is_trusted(peer, trusted):
        return Caller(peer, scheme == "https", False)
    address = peer
    for hop in reversed(headers.get("X-Forwarded-For", "").split(",")):
        hop = hop.strip()
        if not _is_address(hop):
            break
        address = hop
        if not _is_trusted(hop, trusted):
            break
    protocol = headers.get("X-Forwarded-Proto", "").split(",")[-1].strip().lower()
    return Caller(address, protocol == "https" if protocol else scheme == "https", True)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    if not _is_address(address):
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
