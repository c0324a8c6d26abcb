"""Webhook signatures: Twilio's published example, the official validator, and everything that must fail."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given, strategies
from twilio.request_validator import RequestValidator

from workbench.settings import Secret
from workbench.twilio.signatures import AUTH_TOKEN, Verdict, check_form, check_json, url_variants

TOKEN = "12345"
SECRETS = {AUTH_TOKEN: Secret(TOKEN)}
#: The example of Twilio's security guide.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_published_example_is_genuine() -> None:
    assert check_form(SECRETS, URL, FIELDS, signature=SIGNATURE) == "genuine"


@pytest.mark.parametrize(
    ("signature", "verdict"),
    [
        (None, "missing"),
        ("", "missing"),
        ("  ", "missing"),
        (SIGNATURE[:-1], "wrong"),
        (SIGNATURE.lower(), "wrong"),
        (SIGNATURE + "=", "wrong"),
        ("ünïcode\x00", "wrong"),
        ("\udcff", "wrong"),
    ],
)
def test_anything_else_is_refused(signature: str | None, verdict: Verdict) -> None:
    assert check_form(SECRETS, URL, FIELDS, signature=signature) == verdict


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        (URL.replace("https", "http"), FIELDS),
        (URL + "&x=1", FIELDS),
        (URL, {**FIELDS, "Extra": [""], "More": ["1"]}),
        (URL, {name: value for name, value in FIELDS.items() if name != "Digits"}),
        (URL, {**FIELDS, "Digits": ["1235"]}),
        (URL.replace(".com", ".org"), FIELDS),
    ],
)
def test_a_change_of_anything_signed_is_noticed(url: str, fields: dict[str, list[str]]) -> None:
    assert check_form(SECRETS, url, fields, signature=SIGNATURE) == "wrong"


def test_the_usual_port_makes_no_difference_and_a_fragment_is_not_signed() -> None:
    with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2"
    assert check_form(SECRETS, with_port, FIELDS, signature=SIGNATURE) == "genuine"
    assert check_form(SECRETS, URL + "#rc=3&rp=5xx", FIELDS, signature=SIGNATURE) == "genuine"


@pytest.mark.parametrize(
    ("url", "variants"),
    [
        ("https://a.example/x", ("https://a.example/x", "https://a.example:443/x")),
        ("http://a.example:8080/x?", ("http://a.example/x?", "http://a.example:8080/x?")),
        ("https://[2001:db8::1]/x", ("https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x")),
        ("http://[::1]:81/", ("http://[::1]/", "http://[::1]:81/")),
    ],
)
def test_addresses_with_and_without_port(url: str, variants: tuple[str, str]) -> None:
    assert url_variants(url) == variants


#: Of the official library for Node, spec/unit/webhooks/webhooks.spec.js; signatures by openssl.
QUOTED = "https://example.com/path?test=param'WithQuote"
ENCODED = "https://example.com/path?test=param%27WithQuote"
NODES_SECRETS = {AUTH_TOKEN: Secret("s3cr3t")}


@pytest.mark.parametrize("called", [QUOTED, ENCODED])
@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("GfI7onHX/KQ2k1oVS3cUTVk4IEw=", id="of '"),
        pytest.param("HkuXLxVQ7zHv9LmGpzlLuGaxhJY=", id="of %27"),
        pytest.param("OCKKdBt/zoE3glogujUvRlX71lk=", id="of %27, with the port"),
    ],
)
def test_a_query_that_twilio_encodes_otherwise_than_it_calls_it(called: str, signature: str) -> None:
    assert check_form(NODES_SECRETS, called, {}, signature=signature) == "genuine"
    assert check_form(NODES_SECRETS, called + "2", {}, signature=signature) == "wrong"


def test_the_host_of_our_address_may_be_written_in_any_case() -> None:
    written = "HTTPS://SMS.Example.com/Webhooks?To=X"
    for text in (
        written,
        "https://sms.example.com/Webhooks?To=X",
        "https://sms.example.com:443/Webhooks?To=X",
    ):
        assert check_form(SECRETS, written, {}, signature=signed(text, kind="sha1")) == "genuine"
    for text in ("https://sms.example.com/webhooks?To=X", "https://sms.example.com/Webhooks?to=x"):
        assert check_form(SECRETS, written, {}, signature=signed(text, kind="sha1")) == "wrong"


@pytest.mark.parametrize(
    ("called", "encoded", "legacy"),
    [
        # What Node says: new URL(…).search, and querystring.stringify(querystring.parse(…)) of it.
        ("b=1&a=x y&b=2", "b=1&a=x%20y&b=2", "b=1&b=2&a=x%20y"),
        ("q=a+b&n=%E9t%C3%A9", "q=a+b&n=%E9t%C3%A9", "q=a%20b&n=%EF%BF%BDt%C3%A9"),
        (
            "name=J%C3%BCrgen&t=(a)*!~-_.&e",
            "name=J%C3%BCrgen&t=(a)*!~-_.&e",
            "name=J%C3%BCrgen&t=(a)*!~-_.&e=",
        ),
        ('q="<é>|{}^`', "q=%22%3C%C3%A9%3E|{}^`", "q=%22%3C%C3%A9%3E%7C%7B%7D%5E%60"),
    ],
)
def test_every_form_of_a_query_that_nodes_library_tries(called: str, encoded: str, legacy: str) -> None:
    address = "https://example.com/p?"

    def check(query: str) -> Verdict:
        return check_form(SECRETS, address + called, {}, signature=signed(address + query, kind="sha1"))

    assert [check(query) for query in (called, encoded, legacy)] == ["genuine"] * 3
    assert check("q=1") == "wrong"


def signed(text: str, secret: str = TOKEN, kind: str = "sha256") -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), kind).digest()).decode()


def test_a_shared_key_signs_with_sha256_and_needs_its_own_secret() -> None:
    secrets = {**SECRETS, "key_1": Secret("other")}
    text = URL + "".join(name + FIELDS[name][0] for name in sorted(FIELDS))
    settings = "key=key_1,algorithm=HMAC_SHA256"

    def check(signature: str, settings: str | None) -> Verdict:
        return check_form(secrets, URL, FIELDS, signature=signature, settings=settings)

    assert check(signed(text, "other"), settings) == "genuine"
    assert check(signed(text, TOKEN), settings) == "wrong"
    assert check(signed(text, "other"), "key=key_2,algorithm=HMAC_SHA256") == "unknown key"
    assert check(signed(text, "other", "md5"), "key=key_1,algorithm=HMAC_MD5") == "unknown algorithm"
    assert check(signed(text, "other"), None) == "wrong"
    assert check(SIGNATURE, "") == "genuine"


def test_without_a_secret_nothing_is_genuine() -> None:
    empty = base64.b64encode(hmac.new(b"", URL.encode(), hashlib.sha1).digest()).decode()
    assert check_form({}, URL, {}, signature=empty) == "unknown key"
    assert check_form({AUTH_TOKEN: Secret("")}, URL, {}, signature=empty) == "unknown key"


def test_json_counts_only_with_the_hash_of_its_body_in_the_signed_address() -> None:
    body = b'{"MessageSid": "SM1"}'
    url = f"https://a.example/hook?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = signed(url, kind="sha1")
    assert check_json(SECRETS, url, body, signature=signature) == "genuine"
    assert check_json(SECRETS, url, body + b" ", signature=signature) == "wrong"
    assert check_json(SECRETS, url, body, signature=None) == "missing"
    bare = "https://a.example/hook"
    assert check_json(SECRETS, bare, body, signature=signed(bare, kind="sha1")) == "wrong"
    twice = f"{url}&bodySHA256=00"
    assert check_json(SECRETS, twice, body, signature=signed(twice, kind="sha1")) == "wrong"


texts = strategies.text(strategies.characters(exclude_categories=["Cs"]), max_size=12)


@given(strategies.dictionaries(texts.filter(bool), texts, max_size=6), strategies.sampled_from(["", ":8443"]))
def test_it_agrees_with_the_official_validator(fields: dict[str, str], port: str) -> None:
    url = f"https://hooks.example{port}/webhooks/twilio/status?x=%20y"
    validator = RequestValidator(TOKEN)
    signature = validator.compute_signature(url, fields)
    several = {name: [value] for name, value in fields.items()}
    assert check_form(SECRETS, url, several, signature=signature) == "genuine"
    assert validator.validate(url, fields, signature)


def test_repeated_values_count_once_and_in_order() -> None:
    url = "https://a.example/"
    signature = signed(url + "Ax" + "Ay", kind="sha1")
    assert check_form(SECRETS, url, {"A": ["y", "x", "y"]}, signature=signature) == "genuine"
