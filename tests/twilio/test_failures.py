"""What a user reads when a call fails, and that no secret is in it."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import socket
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.twilio.scripted_twilio import (
    ACCOUNT_SID,
    API_SECRET,
    AUTH_TOKEN,
    BASIC,
    BASIC_KEY,
    SECRETS,
    WITH_KEY,
    WITH_TOKEN,
    Cut,
    Reply,
    Reset,
    ScriptedTwilio,
    json_reply,
    raw_reply,
    refusal,
)
from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable
from workbench.messaging.error_codes import explain
from workbench.settings import Credentials
from workbench.twilio.answers import ErrorBody, read_error_body
from workbench.twilio.client import TwilioClient

Connect = Callable[..., TwilioClient]
UNKNOWN_CODE = 99999


def failing(client: TwilioClient) -> TwilioError:
    with pytest.raises(TwilioError) as caught:
        client.get_json("/2010-04-01/Accounts/AC1/Messages.json", {"To": "+15550001"})
    return caught.value


def over_the_network(reply: httpx.Response, **options: Any) -> TwilioError:
    """The error that a client of the real Twilio addresses would raise for this answer."""
    transport = httpx.MockTransport(lambda request: reply)
    with TwilioClient(WITH_TOKEN, transport=transport, sleep=lambda _: None, **options) as client:
        return failing(client)


# What it says


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"code": 20404, "message": "Not here", "more_info": "https://x", "status": 404}',
         ErrorBody(20404, "Not here")),
        (b'{"code": 60200, "message": "Invalid", "httpStatusCode": 400, "userError": true}',
         ErrorBody(60200, "Invalid")),
        (b'{"type": "https://x", "title": "Bad input", "status": 400, "code": 20001,'
         b' "detail": "Two are wrong",'
         b' "errors": [{"detail": "no date", "pointer": "#/date"}, {"detail": "no number"}]}',
         ErrorBody(20001, "Bad input: Two are wrong (#/date no date; no number)")),
        (b'{"type": "https://x", "title": "Bad input", "status": 400, "code": 20001, "detail": null}',
         ErrorBody(20001, "Bad input")),
        (b'{"code": "20404", "message": "Not here"}', ErrorBody(20404, "Not here")),
        (b'{"code": true, "message": 7}', ErrorBody()),
        (b'{"code": "", "message": null}', ErrorBody()),
        (b'{"detail": "Not Found"}', ErrorBody(None, "Not Found")),
        (b'["x"]', ErrorBody()),
        (b"<html>", ErrorBody()),
        (b"", ErrorBody()),
    ],
)  # fmt: skip
def test_error_bodies(body: bytes, read: ErrorBody) -> None:
    assert read_error_body(body) == read


def test_twilios_words_come_first_then_our_remedy() -> None:
    body = {"code": 20003, "message": "Authenticate", "more_info": "https://x", "status": 401}
    error = over_the_network(httpx.Response(401, json=body))
    known = explain(20003)
    assert known is not None
    assert str(error).startswith("HTTP 401, Twilio error 20003: Authenticate (2 attempts). ")
    assert known.fix.rstrip(".") in str(error)
    assert known.url in str(error)
    assert isinstance(error, TwilioAuthError)
    assert (error.status, error.code, error.exit_code) == (401, 20003, 2)


def test_a_code_we_do_not_know_still_says_where_to_look() -> None:
    body = {"code": UNKNOWN_CODE, "message": "Brand new trouble.", "status": 400}
    assert str(over_the_network(httpx.Response(400, json=body))) == (
        "HTTP 400, Twilio error 99999: Brand new trouble. Correct the request and run it again. "
        "See https://www.twilio.com/docs/api/errors/99999"
    )


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (400, TwilioError, 1),
        (401, TwilioAuthError, 2),
        (403, TwilioAuthError, 2),
        (404, TwilioError, 1),
        (429, TwilioUnavailable, 3),
        (500, TwilioUnavailable, 3),
        (503, TwilioUnavailable, 3),
    ],
)
def test_statuses_and_their_exit_codes(status: int, kind: type[TwilioError], exit_code: int) -> None:
    error = over_the_network(httpx.Response(status, json={"code": 1, "message": "m", "status": status}))
    assert (type(error), error.status, error.exit_code) == (kind, status, exit_code)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (httpx.Response(200, html="<p>Sign in</p>"),
         "HTTP 200 from https://api.twilio.com with text/html instead of JSON"),
        (httpx.Response(200, text="", headers={"content-type": "application/json"}), "with an empty body"),
        (httpx.Response(200, content=b'{"a": ', headers={"content-type": "application/json"}),
         "with JSON that is cut or malformed (6 bytes)"),
        (httpx.Response(200, json=[1]), "with JSON that is not an object"),
        (httpx.Response(404, html="<p>nginx</p>"),
         "HTTP 404 from https://api.twilio.com with text/html instead of JSON. "
         "That is no answer of Twilio's API."),
        (httpx.Response(502, html="<p>nginx</p>"), "Run the same again later."),
        (httpx.Response(401), "Check TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN"),
        (httpx.Response(429), "run the same again later"),
        (httpx.Response(301, headers={"location": "https://elsewhere.example/x?sig=1"}),
         "redirects to elsewhere.example, which is not followed"),
    ],
)  # fmt: skip
def test_answers_that_are_not_twilios(reply: httpx.Response, text: str) -> None:
    assert text in str(over_the_network(reply))


def test_an_api_key_that_is_refused_gets_a_hint_of_its_own(twilio: ScriptedTwilio, connect: Connect) -> None:
    twilio.script = [refusal(401, 20003, "Authenticate")] * 4  # two for each client
    assert "Standard or Restricted" in str(failing(connect(credentials=WITH_KEY)))
    assert "Standard or Restricted" not in str(failing(connect(credentials=WITH_TOKEN)))


def test_foreign_text_stays_on_one_line_and_cannot_repaint_the_terminal() -> None:
    message = "first\r\nsecond\x1b[2J\x07\u2028third" + "x" * 5000
    text = str(over_the_network(httpx.Response(400, json={"code": 1, "message": message})))
    assert text.startswith("HTTP 400, Twilio error 1: first second[2J thirdxxx")
    assert text.isprintable()
    assert "x…" in text
    assert len(text) < 1000


def test_a_base_url_that_does_not_answer_is_named_with_the_fix() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with TwilioClient(WITH_TOKEN, base_url=url, sleep=lambda _: None) as client:
            error = failing(client)
    assert isinstance(error, TwilioUnavailable)
    assert str(error).startswith(f"{url} does not answer: ")
    assert "refused" in str(error)
    assert "(5 attempts)" in str(error)
    assert "Is the simulator or proxy running there (`workbench simulate`)?" in str(error)
    assert "WORKBENCH_TWILIO_BASE_URL" in str(error)


def test_without_a_base_url_it_is_the_network_that_is_doubted() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    with TwilioClient(WITH_TOKEN, transport=httpx.MockTransport(unreachable), sleep=lambda _: None) as client:
        error = failing(client)
    assert str(error) == (
        "https://api.twilio.com does not answer: [Errno -2] Name or service not known (5 attempts). "
        "Check this machine's network, DNS and proxy. Twilio's own status: https://status.twilio.com"
    )
    assert isinstance(error.__cause__, httpx.ConnectError)


# What it never says

CASES: list[Reply] = [
    refusal(400, UNKNOWN_CODE, f"You sent {BASIC} and {BASIC_KEY}"),
    refusal(401, 20003, f"{AUTH_TOKEN} and {API_SECRET} are wrong"),
    refusal(400, UNKNOWN_CODE, "x" * 580 + AUTH_TOKEN + API_SECRET),
    refusal(400, UNKNOWN_CODE, "x" * 580 + API_SECRET + AUTH_TOKEN),
    json_reply({"title": "No", "detail": AUTH_TOKEN, "errors": [{"detail": API_SECRET}], "code": 1}, 422),
    raw_reply(b"", 302, {"Location": f"https://{AUTH_TOKEN}.example/{API_SECRET}"}),
    raw_reply(b"no", 200, {"Content-Type": f"text/{AUTH_TOKEN}{API_SECRET}"}),
    raw_reply(b"", 503),
    Cut(f"{BASIC} {BASIC_KEY} {AUTH_TOKEN} {API_SECRET}\r\n\r\n".encode()),
    Cut(raw_reply(b'{"a": 1}', length=500)),
    Reset(),
]


@pytest.mark.parametrize("credentials", [WITH_TOKEN, WITH_KEY], ids=["token", "key"])
@pytest.mark.parametrize("reply", CASES)
def test_no_secret_in_error_traceback_or_log(
    reply: Reply,
    credentials: Credentials,
    twilio: ScriptedTwilio,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    twilio.script = [reply] * 5
    secrets = [AUTH_TOKEN, BASIC] if credentials is WITH_TOKEN else [API_SECRET, BASIC_KEY]
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    with caplog.at_level(logging.DEBUG, logger="workbench"):
        logging.getLogger("workbench").addHandler(handler)
        error = failing(connect(credentials=credentials))
        logging.getLogger("workbench").removeHandler(handler)
    shown = [str(error), repr(error), repr(error.args), log.getvalue(), caplog.text, everything_in(error)]
    assert [secret for secret in secrets for text in shown if secret.lower() in text.lower()] == []
    # Nor the half of one: the message is cut after it is blotted out.
    assert not any(secret[:12] in str(error) for secret in secrets)


def everything_in(error: BaseException) -> str:
    """The traceback with every local variable of every frame, causes and contexts followed."""
    texts, chain = [], [error]
    while chain:
        link = chain.pop()
        lines = traceback.TracebackException.from_exception(link, capture_locals=True).format()
        # The test's own frames hold the secrets it compares with.
        texts += [line for line in lines if "test_failures.py" not in line]
        texts.append(repr(vars(link)))
        chain += [linked for linked in (link.__cause__, link.__context__) if linked]
    return "".join(texts)


def test_no_secret_in_the_log_of_any_library(
    twilio: ScriptedTwilio, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.script = [
        refusal(429, 20429, "Too Many Requests"),
        Reset(),
        json_reply({"auth_token": "s3cret-token"}),
    ]
    with caplog.at_level(logging.DEBUG):
        connect().get_json("/x")
    names = {record.name.split(".")[0] for record in caplog.records}
    assert {"httpx", "httpcore", "workbench"} <= names
    assert not any(secret in caplog.text for secret in (*SECRETS, "s3cret-token"))
    assert "attempt 1 got 429; again in 0.1 s" in caplog.text


def test_the_cause_carries_no_request_and_no_frames(twilio: ScriptedTwilio, connect: Connect) -> None:
    twilio.script = [Reset()] * 5
    cause = failing(connect()).__cause__
    assert isinstance(cause, httpx.RequestError)
    assert cause.__traceback__ is None
    assert cause.__context__ is None
    with pytest.raises(RuntimeError, match=r"\.request property has not been set"):
        _ = cause.request


def test_the_client_shows_its_account_and_address_only() -> None:
    with TwilioClient(WITH_TOKEN) as real, TwilioClient(WITH_KEY, base_url="http://127.0.0.1:8080/") as local:
        assert repr(real) == f"TwilioClient('{ACCOUNT_SID}', base_url='https://api.twilio.com')"
        assert repr(local) == f"TwilioClient('{ACCOUNT_SID}', base_url='http://127.0.0.1:8080')"
        for text in (str(real), f"{local}", repr(vars(real)), repr(vars(local))):
            assert not any(secret in text for secret in SECRETS)


def test_the_client_is_never_pickled_or_copied() -> None:
    with TwilioClient(WITH_TOKEN) as client:
        for spread in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="never pickled or copied"):
                spread(client)
