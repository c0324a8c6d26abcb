"""Bytes of attachments: where they may come from, where credentials may go, and how large they may be."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.twilio.scripted_twilio import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    BASIC,
    WITH_TOKEN,
    Cut,
    ScriptedTwilio,
    raw_reply,
    refusal,
    scripted_twilio,
)
from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable, UsageError
from workbench.twilio.media import MediaFile, fetch_media_bytes, is_allowed, is_public

MESSAGE_SID, MEDIA_SID = "MM" + "1" * 32, "ME" + "2" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE_SID}/Media/{MEDIA_SID}"
PICTURE = raw_reply(b"\x89PNG bytes", headers={"Content-Type": "image/png"})
CDN = "https://mms.twiliocdn.com/AC1/picture?Expires=1"


def redirect(location: str) -> bytes:
    return raw_reply(b"", 307, {"Location": location})


class Elsewhere(httpx.BaseTransport):
    """Carries every request to the scripted server over real HTTP, and notes where it was meant to go."""

    def __init__(self, twilio: ScriptedTwilio) -> None:
        self._port = twilio.port
        self._network = httpx.HTTPTransport()
        self.meant: list[tuple[str, str, str | None]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.meant.append((request.url.host, request.headers["host"], request.extensions.get("sni_hostname")))
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._network.handle_request(
            httpx.Request(request.method, url, headers=request.headers, extensions={"timeout": {}})
        )

    def close(self) -> None:
        self._network.close()


Fetch = Callable[..., MediaFile]


@pytest.fixture
def fetch(twilio: ScriptedTwilio) -> Fetch:
    def run(**options: Any) -> MediaFile:
        chosen: dict[str, Any] = {"base_url": twilio.url, **options}
        return fetch_media_bytes(WITH_TOKEN, ACCOUNT_SID, MESSAGE_SID, MEDIA_SID, **chosen)

    return run


def test_bytes_and_type(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    twilio.script = [PICTURE]
    assert fetch() == MediaFile(b"\x89PNG bytes", "image/png")
    assert twilio.uris == [PATH]
    assert twilio.seen[0].headers["authorization"] == f"Basic {BASIC}"


def test_a_redirect_within_the_base_url_is_followed_without_credentials(
    twilio: ScriptedTwilio, fetch: Fetch
) -> None:
    twilio.script = [redirect("/files/1"), PICTURE]
    assert fetch().content == b"\x89PNG bytes"
    assert twilio.uris == [PATH, "/files/1"]
    assert "authorization" not in twilio.seen[1].headers


def test_twilios_cdn_is_reached_at_the_checked_address_without_credentials(
    twilio: ScriptedTwilio, fetch: Fetch
) -> None:
    twilio.script = [redirect(CDN), PICTURE]
    network = Elsewhere(twilio)
    media_file = fetch(
        base_url=None, transport=network, find_addresses=lambda host: ["2606:4700::1", "93.184.216.34"]
    )
    assert media_file.content == b"\x89PNG bytes"
    assert network.meant == [
        ("api.twilio.com", "api.twilio.com", None),
        ("93.184.216.34", "mms.twiliocdn.com", "mms.twiliocdn.com"),
    ]
    assert "authorization" in twilio.seen[0].headers
    assert "authorization" not in twilio.seen[1].headers


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "http://mms.twiliocdn.com/plain",
        "https://mms.twiliocdn.com:8443/",
        "https://user:password@mms.twiliocdn.com/",
        "https://twiliocdn.com.example.com/",
        "https://nottwilio.com/",
        "https://s3-external-1.amazonaws.com/somebody-else/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../somebody-else/x",
        "file:///etc/passwd",
    ],
)
def test_no_redirect_leads_elsewhere(twilio: ScriptedTwilio, fetch: Fetch, location: str) -> None:
    twilio.script = [redirect(location), PICTURE]
    with pytest.raises(TwilioError, match="Refused to fetch"):
        fetch(find_addresses=lambda host: ["93.184.216.34"])
    assert twilio.uris == [PATH]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.5"], ["::1"], ["::ffff:192.168.1.1"], []]
)
def test_a_host_of_twilios_at_a_private_address_is_not_fetched(
    twilio: ScriptedTwilio, fetch: Fetch, addresses: list[str]
) -> None:
    twilio.script = [redirect(CDN), PICTURE]
    with pytest.raises(TwilioError, match="not at a public address"):
        fetch(find_addresses=lambda host: addresses)
    assert twilio.uris == [PATH]


def test_a_host_that_is_not_found_may_be_there_later(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    def fail(host: str) -> list[str]:
        raise OSError("Name or service not known")

    twilio.script = [redirect(CDN)]
    with pytest.raises(TwilioUnavailable, match=r"mms\.twiliocdn\.com was not found"):
        fetch(find_addresses=fail)


def test_another_server_on_this_machine_is_not_the_base_url(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    with scripted_twilio() as inside:
        inside.script = [PICTURE]
        twilio.script = [redirect(f"{inside.url}/secret")]
        with pytest.raises(TwilioError, match="Refused to fetch"):
            fetch()
        assert inside.seen == []


def test_a_ring_of_redirects_ends(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    twilio.script = [redirect(f"/files/{step}") for step in range(20)]
    with pytest.raises(TwilioError, match="redirected more than 4 times"):
        fetch()
    assert len(twilio.seen) == 5


def test_size_is_capped(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    twilio.script = [raw_reply(b"x" * 1000), raw_reply(b"x" * 1001)]
    assert len(fetch(largest=1000).content) == 1000
    with pytest.raises(TwilioError, match="larger than 1,000 bytes"):
        fetch(largest=1000)


def test_refusals_and_broken_answers(twilio: ScriptedTwilio, fetch: Fetch) -> None:
    twilio.script = [
        refusal(404, 20404, "not found"),
        refusal(401, 20003, f"Authenticate {AUTH_TOKEN} {base64.b64encode(b'x').decode()}"),
        Cut(raw_reply(b"half", length=8)),
    ]
    with pytest.raises(TwilioError, match="20404"):
        fetch()
    with pytest.raises(TwilioAuthError) as refused:
        fetch()
    assert AUTH_TOKEN not in str(refused.value)
    with pytest.raises(TwilioUnavailable, match="no complete answer"):
        fetch()


def test_only_sids_become_part_of_the_path() -> None:
    with pytest.raises(UsageError, match="is not a SID"):
        fetch_media_bytes(WITH_TOKEN, ACCOUNT_SID, MESSAGE_SID, "../Messages")


def test_where_twilio_keeps_media() -> None:
    for text in (
        CDN,
        "https://media.twiliocdn.com/x",
        "https://api.twilio.com/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x",
    ):
        assert is_allowed(httpx.URL(text))
    assert is_public("93.184.216.34")
    assert not is_public("224.0.0.1")
