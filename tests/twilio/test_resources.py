"""The resources that are read, and how."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import orjson
import pytest

from tests.twilio.scripted_twilio import ACCOUNT_SID, ScriptedTwilio, json_reply, raw_reply, refusal
from workbench.errors import TwilioError, UsageError
from workbench.twilio import resources
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import (
    ACCOUNT,
    MESSAGES,
    Resource,
    fetch_account,
    fetch_balance,
    fetch_message,
    message_page,
)

RESOURCES = [value for value in vars(resources).values() if isinstance(value, Resource)]
OPENAPI = Path(__file__).parents[3] / "shared" / "twilio" / "openapi"
MESSAGE_SID = "SM" + "00112233445566778899aabbccddeeff"
LIST_PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
ONE_PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{MESSAGE_SID}.json"
ACCOUNT_PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}.json"


def test_paths() -> None:
    assert MESSAGES.path_for(ACCOUNT_SID) == LIST_PATH
    assert MESSAGES.one_path_for(ACCOUNT_SID, MESSAGE_SID) == ONE_PATH
    assert ACCOUNT.path_for(ACCOUNT_SID) == ACCOUNT_PATH


@pytest.mark.skipif(not OPENAPI.is_dir(), reason="Twilio's OpenAPI files are not beside this repository")
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_paths_hosts_and_keys_are_those_that_twilio_describes(resource: Resource) -> None:
    described = {
        (spec["servers"][0]["url"], re.sub(r"{\w+}", "{}", name)): path
        for spec in map(orjson.loads, (file.read_bytes() for file in OPENAPI.glob("*.json")))
        for name, path in spec["paths"].items()
    }
    version = resource.path.split("/")[1]
    if resource.host != "api" and not (OPENAPI / f"twilio_{resource.host}_{version}.json").exists():
        pytest.skip(f"Twilio's OpenAPI file of {resource.host} {version} is not beside this repository")
    server = f"https://{resource.host}.twilio.com"
    for path in filter(None, (resource.path, resource.one_path)):
        assert (server, re.sub(r"{\w+}", "{}", path)) in described
    operation = described[server, re.sub(r"{\w+}", "{}", resource.path)]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert resource.key is None or resource.key in schema["properties"]


def test_every_resource_has_a_name_of_its_own() -> None:
    names = [resource.name for resource in RESOURCES]
    assert len(names) == len(set(names))
    assert {"messages", "account", "balance"} <= set(names)
    with pytest.raises(dataclasses.FrozenInstanceError):
        MESSAGES.path = "/elsewhere"  # type: ignore[misc]


@pytest.mark.parametrize(
    "sid", ["", "AC1", ACCOUNT_SID + "/..", ACCOUNT_SID + "\n", "../" + ACCOUNT_SID, ACCOUNT_SID.lower()]
)
def test_only_a_sid_becomes_part_of_a_path(sid: str) -> None:
    with pytest.raises(UsageError, match="is not a SID"):
        MESSAGES.path_for(sid)
    with pytest.raises(UsageError, match="is not a SID"):
        MESSAGES.one_path_for(ACCOUNT_SID, sid)


def test_a_resource_without_single_rows_says_so() -> None:
    with pytest.raises(UsageError, match="account cannot be fetched one by one"):
        ACCOUNT.one_path_for(ACCOUNT_SID, MESSAGE_SID)


def test_page_size_is_ours_unless_the_caller_sets_one() -> None:
    assert MESSAGES.first_params(None) == {"PageSize": 1000}
    assert MESSAGES.first_params({"To": "+1", "PageSize": 5}) == {"To": "+1", "PageSize": 5}
    assert Resource("x", "/x").first_params({"a": "b"}) == {"a": "b"}


def test_message_page_walks(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    second = f"{LIST_PATH}?PageSize=1000&DateSent%3E=2026-01-31&Page=1&PageToken=PASM1"
    twilio.script = [
        json_reply({"messages": [{"sid": "SM2"}], "next_page_uri": second}),
        json_reply({"messages": [{"sid": "SM1"}], "next_page_uri": None}),
    ]
    filters = {"DateSent>": "2026-01-31", "DateSent<": "2026-02-02", "DateSent": "2026-02-01"}
    first = message_page(client, ACCOUNT_SID, filters)
    last = message_page(client, ACCOUNT_SID, next_page_uri=first.next_page_uri)
    assert (first.rows, last.rows, last.next_page_uri) == ([{"sid": "SM2"}], [{"sid": "SM1"}], None)
    first_uri = f"{LIST_PATH}?PageSize=1000&DateSent%3E=2026-01-31&DateSent%3C=2026-02-02&DateSent=2026-02-01"
    assert twilio.uris == [first_uri, second]


def test_filters_and_a_next_page_are_one_too_many(client: TwilioClient) -> None:
    with pytest.raises(UsageError, match="not both"):
        message_page(client, ACCOUNT_SID, {"To": "+1"}, next_page_uri=f"{LIST_PATH}?Page=1")


def test_fetch_message(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply({"sid": MESSAGE_SID, "status": "delivered"})]
    assert fetch_message(client, ACCOUNT_SID, MESSAGE_SID) == {"sid": MESSAGE_SID, "status": "delivered"}
    assert twilio.uris == [ONE_PATH]


def test_a_message_that_is_gone_is_none(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [refusal(404, 20404, f"The requested resource {ONE_PATH} was not found")]
    assert fetch_message(client, ACCOUNT_SID, MESSAGE_SID) is None


def test_a_404_that_is_not_twilios_says_nothing_about_the_message(
    twilio: ScriptedTwilio, client: TwilioClient
) -> None:
    twilio.script = [raw_reply(b"<html>no such page</html>", 404, {"Content-Type": "text/html"})]
    with pytest.raises(TwilioError, match="no answer of Twilio's API"):
        fetch_message(client, ACCOUNT_SID, MESSAGE_SID)


def test_other_refusals_of_a_message_are_errors(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [refusal(403, 20003, "Forbidden")]
    with pytest.raises(TwilioError, match="Twilio error 20003"):
        fetch_message(client, ACCOUNT_SID, MESSAGE_SID)


def test_fetch_account_has_no_token(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply({"sid": ACCOUNT_SID, "status": "active", "auth_token": "s3cret"})]
    assert fetch_account(client, ACCOUNT_SID) == {"sid": ACCOUNT_SID, "status": "active"}
    assert twilio.uris == [ACCOUNT_PATH]


def test_fetch_balance(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    answer = {"account_sid": ACCOUNT_SID, "balance": "12.34", "currency": "EUR"}
    twilio.script = [json_reply(answer)]
    assert fetch_balance(client, ACCOUNT_SID) == answer
    assert twilio.uris == [f"/2010-04-01/Accounts/{ACCOUNT_SID}/Balance.json"]
