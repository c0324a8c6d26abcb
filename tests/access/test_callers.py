"""Whose word about a caller counts."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from workbench.server.access.callers import Caller, caller

TRUSTED = [ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/24")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "protocol", "expected"),
    [
        ("127.0.0.1", "198.51.100.7", "https", Caller("198.51.100.7", True, True)),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.9", "https", Caller("198.51.100.7", True, True)),
        ("127.0.0.1", "", "", Caller("127.0.0.1", False, True)),
        ("127.0.0.1", "nonsense", "http", Caller("127.0.0.1", False, True)),
        ("127.0.0.1", "2001:db8::7", "HTTPS", Caller("2001:db8::7", True, True)),
        ("192.0.2.1", "198.51.100.7", "https", Caller("192.0.2.1", False, False)),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, protocol: str, expected: Caller) -> None:
    headers = HTTPHeaders({"X-Forwarded-For": forwarded, "X-Forwarded-Proto": protocol})
    assert caller(peer, headers, "http", TRUSTED) == expected


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_stranger_cannot_choose_who_they_are(forwarded: str, protocol: str) -> None:
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": protocol}
    assert caller("192.0.2.1", headers, "http", TRUSTED) == Caller("192.0.2.1", False, False)


@given(st.text(max_size=60))
def test_behind_a_proxy_the_last_hop_is_the_proxys_word(written_by_the_caller: str) -> None:
    headers = {"X-Forwarded-For": f"{written_by_the_caller}, 198.51.100.7"}
    assert caller("127.0.0.1", headers, "http", TRUSTED).address == "198.51.100.7"
