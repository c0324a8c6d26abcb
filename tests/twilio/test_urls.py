"""Where a request may go, whatever an answer says."""

from __future__ import annotations

import httpx
import pytest

from workbench.errors import ConfigError, TwilioError, UsageError
from workbench.twilio.urls import is_loopback, parse_base_url, resolve

LOCAL = httpx.URL("http://127.0.0.1:8080")
LIST = "/2010-04-01/Accounts/AC1/Messages.json?DateSent%3E=2026-01-01&To=%2B15550001&Page=1&PageToken=PASM9"


@pytest.mark.parametrize(
    ("uri", "host", "base", "url"),
    [
        (LIST, "api", None, "https://api.twilio.com" + LIST),
        (LIST, "api", LOCAL, "http://127.0.0.1:8080" + LIST),
        (LIST, "api", httpx.URL("https://proxy.example/twilio"), "https://proxy.example/twilio" + LIST),
        ("/v1/Services", "messaging", None, "https://messaging.twilio.com/v1/Services"),
        ("/v1/Services", "messaging", LOCAL, "http://127.0.0.1:8080/v1/Services"),
        ("https://messaging.twilio.com/v1/Services?Page=1", "messaging", None,
         "https://messaging.twilio.com/v1/Services?Page=1"),
        ("https://messaging.twilio.com/v1/Services?Page=1", "messaging", LOCAL,
         "http://127.0.0.1:8080/v1/Services?Page=1"),
        ("https://pricing.twilio.com:443/v1/x", "pricing", None, "https://pricing.twilio.com/v1/x"),
        ("http://127.0.0.1:8080/v1/Alerts?Page=1", "monitor", LOCAL, "http://127.0.0.1:8080/v1/Alerts?Page=1"),
        ("/a@evil.example/b", "api", None, "https://api.twilio.com/a@evil.example/b"),
    ],
)  # fmt: skip
def test_allowed(uri: str, host: str, base: httpx.URL | None, url: str) -> None:
    assert str(resolve(uri, host, base)) == url


@pytest.mark.parametrize("base", [None, LOCAL])
@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/2010-04-01/Accounts.json",
        "//evil.example/x",
        "@evil.example/x",
        ".evil.example/x",
        "https://api.twilio.com@evil.example/x",
        "https://api.twilio.com\\@evil.example/x",
        "https://api.twilio.com.evil.example/x",
        "https://user:word@api.twilio.com/x",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://messaging.twilio.com/x",
        "http://127.0.0.1:8081/x",
        "https://127.0.0.1:8080/x",
        "file:///etc/passwd",
        "x.json",
        "",
        "https://[/",
        "/x\x00y",
    ],
)
def test_refused(uri: str, base: httpx.URL | None) -> None:
    with pytest.raises(TwilioError) as caught:
        resolve(uri, "api", base)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["https://AC1:hunter2hunter2", "https://AC1:hunter2hunter2@api.twilio.com/x"])
def test_a_password_in_a_page_address_is_refused_without_showing_it(uri: str) -> None:
    with pytest.raises(TwilioError) as caught:
        resolve(uri, "api", None)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("host", ["evil.example/", "api.twilio.com", "", "API", "a@b", "api\n"])
def test_a_host_is_one_label(host: str) -> None:
    with pytest.raises(UsageError, match="is not a Twilio host"):
        resolve("/x", host, None)


def test_params_are_encoded_and_added() -> None:
    url = resolve("/M.json?a=1", "api", None, {"DateSent>": "2026-01-31", "To": "+15550001", "PageSize": 5})
    assert url.raw_path == b"/M.json?a=1&DateSent%3E=2026-01-31&To=%2B15550001&PageSize=5"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, "None"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://proxy.example/twilio/", "https://proxy.example/twilio"),
    ],
)
def test_base_urls(given: str | None, kept: str) -> None:
    assert str(parse_base_url(given)) == kept


@pytest.mark.parametrize(
    "given",
    [
        "127.0.0.1:8080",
        "ftp://h",
        "http://",
        "",
        "http://h?x=1",
        "http://h:99999999",
        "http://h:x",
        "http://a..b",
        "http://" + "h" * 64,
    ],
)
def test_base_urls_that_are_none(given: str) -> None:
    with pytest.raises(ConfigError, match="WORKBENCH_TWILIO_BASE_URL"):
        parse_base_url(given)


def test_a_base_url_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="user or password") as caught:
        parse_base_url("http://me:hunter2hunter2@127.0.0.1:8080")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        (None, False),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example", False),
    ],
)
def test_loopback(url: str | None, local: bool) -> None:
    assert is_loopback(url if url is None else httpx.URL(url)) is local
