"""Attachments: behind a redirect, public unless the account wants credentials, listed late on demand."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.conftest import Api
from workbench.settings import Credentials, Secret
from workbench.twilio.media import fetch_media_bytes

CUSTOMER, DESK = "+14155550177", "+14155550104"
URLS = ["https://example.com/a.png", "https://example.com/b.png"]


def path_of_new(api: Api) -> str:
    """The media path of a new message with two attachments."""
    created = api.create(To=CUSTOMER, From=DESK, Body="look", MediaUrl=URLS).json()
    return f"{api.base}/Messages/{created['sid']}/Media"


def first_media(api: Api) -> str:
    path = path_of_new(api)
    return f"{path}/{api.get(f'{path}.json')['media_list'][0]['sid']}"


def test_the_address_redirects_to_storage_that_everybody_can_read(simulator: Api) -> None:
    address = first_media(simulator)
    redirect = httpx.get(simulator.server.url + address)
    location = redirect.headers["Location"]
    assert (redirect.status_code, redirect.content) == (307, b"")
    assert location.startswith(f"{simulator.server.url}/media.twiliocdn.com/{simulator.account.account_sid}/")
    stored = httpx.get(location)
    assert (stored.status_code, stored.headers["Content-Type"]) == (200, "image/png")
    assert stored.content.startswith(b"\x89PNG")
    assert simulator.http.get(address).headers["Location"] == location


def test_storage_refuses_credentials(simulator: Api) -> None:
    location = simulator.http.get(first_media(simulator)).headers["Location"]
    assert simulator.http.get(location).status_code == 400


def test_the_list_and_the_description_always_need_credentials(simulator: Api) -> None:
    address = first_media(simulator)
    list_address = address.rpartition("/")[0] + ".json"
    for path in (f"{address}.json", list_address):
        assert httpx.get(simulator.server.url + path).status_code == 401
    assert httpx.delete(simulator.server.url + address).status_code == 401


def test_an_account_can_want_credentials(simulator: Api) -> None:
    address = first_media(simulator)
    simulator.control("options", media_needs_auth=True)
    assert httpx.get(simulator.server.url + address).status_code == 401
    location = simulator.http.get(address).headers["Location"]
    assert httpx.get(location).content.startswith(b"\x89PNG")
    assert httpx.get(location.partition("?")[0]).status_code == 403
    assert httpx.get(location.replace("Signature=", "Signature=0")).status_code == 403
    simulator.control("clock", advance=4 * 3600)
    assert httpx.get(location).status_code == 200
    simulator.control("clock", advance=1)
    assert httpx.get(location).status_code == 403
    assert httpx.get(simulator.http.get(address).headers["Location"]).status_code == 200


def test_media_is_listed_late_one_after_the_other(simulator: Api) -> None:
    simulator.control("options", media_listed_after=6)
    path = path_of_new(simulator)
    listed = []
    for _ in range(4):
        listed.append([row["sid"] for row in simulator.get(f"{path}.json")["media_list"]])
        simulator.control("clock", advance=2)
    assert [len(sids) for sids in listed] == [0, 0, 1, 2]
    assert listed[3][0] == listed[2][0]


def test_media_that_is_not_listed_yet_cannot_be_fetched_though_its_webhook_has_come(simulator: Api) -> None:
    simulator.control("options", media_listed_after=2)
    path = path_of_new(simulator)
    simulator.control("options", media_listed_after=0)
    address = f"{path}/{simulator.get(f'{path}.json')['media_list'][1]['sid']}"
    simulator.control("options", media_listed_after=2)
    assert simulator.download(address).status_code == 404
    simulator.control("clock", advance=2)
    assert simulator.download(address).status_code == 200


def test_a_deleted_file_is_gone_from_storage(simulator: Api) -> None:
    address = first_media(simulator)
    location = simulator.http.get(address).headers["Location"]
    assert simulator.http.delete(f"{address}.json").status_code == 204
    assert httpx.get(location).status_code == 404
    assert simulator.http.get(address).status_code == 404


@pytest.mark.parametrize("needs_auth", [False, True])
def test_our_own_client_follows_the_redirect_without_its_credentials(
    simulator: Api, needs_auth: bool
) -> None:
    """Storage refuses credentials, so a client that sends them on gets nothing."""
    simulator.control("options", media_needs_auth=needs_auth)
    account, address = simulator.account, first_media(simulator)
    message_sid, media_sid = address.split("/")[-3], address.split("/")[-1]
    credentials = Credentials(account.account_sid, Secret(account.auth_token))
    sids = (account.account_sid, message_sid, media_sid)
    media = fetch_media_bytes(credentials, *sids, base_url=simulator.server.url)
    assert media.content_type == "image/png"
    assert media.content.startswith(b"\x89PNG")
