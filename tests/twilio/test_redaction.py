"""Secrets stay out of what is returned and of what is said."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twilio.scripted_twilio import API_SECRET, AUTH_TOKEN, BASIC, BASIC_KEY, WITH_KEY, WITH_TOKEN
from workbench.settings import Credentials, Secret
from workbench.twilio.redaction import SECRET_KEYS, drop_secrets, may_hold_secrets, scrub

OPENAPI = Path(__file__).parents[3] / "shared" / "twilio" / "openapi"

# Names that look like secrets and are none.
HARMLESS = {
    "auth_type",
    "authorize_redirect_url",
    "business_registration_authority",
    "credential_list_sid",
    "deauthorize_callback_method",
    "deauthorize_callback_url",
}


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"sid": "AC1", "auth_token": "x"}, {"sid": "AC1"}),
        ({"authToken": 1, "AuthToken": 2, "secondary_auth_token": 3, "a": 4}, {"a": 4}),
        ({"accounts": [{"sid": "AC1", "auth_token": "x"}, {"sid": "AC2"}]},
         {"accounts": [{"sid": "AC1"}, {"sid": "AC2"}]}),
        ({"a": {"b": [[{"password": "x", "c": 1}]]}}, {"a": {"b": [[{"c": 1}]]}}),
        ({"auth_token": {"nested": "x"}}, {}),
        ({"next_page_uri": "/x?PageToken=PASM1", "body": "my password is secret"},
         {"next_page_uri": "/x?PageToken=PASM1", "body": "my password is secret"}),
        ([], []),
        ("secret", "secret"),
        (None, None),
    ],
)  # fmt: skip
def test_drop_secrets(payload: Any, kept: Any) -> None:
    before = copy.deepcopy(payload)
    assert drop_secrets(payload) == kept
    assert payload == before


keys = st.sampled_from([*sorted(SECRET_KEYS), "sid", "body", "messages"])
values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
)


@given(values)
def test_no_secret_key_is_left_at_any_depth(payload: Any) -> None:
    written = orjson.dumps(drop_secrets(payload)).decode()
    assert not re.search(rf'"({"|".join(SECRET_KEYS)})":', written)


@pytest.mark.parametrize("key", sorted(SECRET_KEYS))
def test_a_look_at_the_text_misses_no_secret_key(key: str) -> None:
    assert may_hold_secrets(orjson.dumps({"rows": [{"sid": "SM1", key: "x"}]}))
    assert may_hold_secrets(f'{{"{key[:-1]}\\u00{ord(key[-1]):02x}" : "x"}}'.encode())


def test_a_look_at_the_text_of_a_message_finds_nothing() -> None:
    assert not may_hold_secrets(
        b'{"messages": [{"sid": "SM1", "body": "my password is a secret.", "to": null}]}'
    )


def test_nothing_is_copied_when_nothing_is_secret() -> None:
    page = {"messages": [{"sid": "SM1", "subresource_uris": {"media": "/x"}}], "next_page_uri": None}
    assert drop_secrets(page) is page


@pytest.mark.skipif(not OPENAPI.is_dir(), reason="Twilio's OpenAPI files are not beside this repository")
def test_every_secret_in_twilios_own_description_is_on_the_list() -> None:
    suspects = set()
    for file in OPENAPI.glob("*.json"):
        schemas = orjson.loads(file.read_bytes())["components"]["schemas"]
        suspects |= _suspicious_names(schemas)
    assert {"auth_token", "secondary_auth_token", "secret", "password", "credential"} <= suspects
    assert suspects - SECRET_KEYS <= HARMLESS


def _suspicious_names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_suspicious_names, schema))
    if not isinstance(schema, dict):
        return set()
    nested = set().union(*map(_suspicious_names, schema.values()))
    properties = schema.get("properties")
    names = properties if isinstance(properties, dict) else {}
    return nested | {name for name in names if re.search("token|secret|passw|credential|private|auth", name)}


@pytest.mark.parametrize(
    ("text", "credentials", "scrubbed"),
    [
        (f"token {AUTH_TOKEN}!", WITH_TOKEN, "token ***!"),
        (f"Authorization: Basic {BASIC}", WITH_TOKEN, "Authorization: Basic ***"),
        (f"{API_SECRET}{API_SECRET}", WITH_KEY, "******"),
        (f"Basic {BASIC_KEY}", WITH_KEY, "Basic ***"),
        ("nothing here", WITH_KEY, "nothing here"),
    ],
)
def test_scrub(text: str, credentials: Any, scrubbed: str) -> None:
    assert scrub(text, credentials) == scrubbed


def test_a_secret_that_begins_with_another_is_blotted_out_whole() -> None:
    credentials = Credentials("AC1", Secret("abcdefgh"), "SK1", Secret("abcdefghijkl"))
    assert scrub("abcdefghijkl abcdefgh", credentials) == "*** ***"
