"""What the hooks answer and what they leave in the lake: genuine, forged, broken, hostile."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings
from twilio.request_validator import RequestValidator

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from tests.server.hooking import (
    FORM,
    PUBLIC_URL,
    TOKEN,
    Caller,
    environment,
    hooked,
    inbound_form,
    sid,
    status_form,
)
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.server.hooks import INBOUND_PATH, STATUS_PATH
from workbench.settings import load_settings

numbers = count(1000)
SUBACCOUNT, SUBACCOUNT_TOKEN = "AC" + "5" * 32, "a-token-of-a-subaccount"
REPLY = 'You will get no more messages from ACME & Co. <Reply START to "come" back>'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hooks")
    environ = environment(home)
    with (home / "workbench.toml").open("a") as file:
        file.write(f"[webhooks]\nopt_out_reply = '''{REPLY}'''\n")
    assert environ["WORKBENCH_HOME"] == str(home)
    return home


@pytest.fixture(scope="module")
def caller(home: Path) -> Iterator[Caller]:
    tokens = f"{SUBACCOUNT}={SUBACCOUNT_TOKEN}"
    with hooked(load_settings(environment(home, TWILIO_SUBACCOUNT_TOKENS=tokens))) as caller:
        yield caller


@pytest.fixture(scope="module")
def lake(home: Path, caller: Caller) -> Iterator[Lake]:
    with open_lake(load_settings(environment(home))) as lake:
        yield lake


def events(lake: Lake, number: int) -> list[tuple[Any, ...]]:
    return lake.rows(
        "select status, error_code, source from status_events where message_sid = ? order by all",
        [sid(number)],
    )


def test_a_status_is_stored_once_however_often_it_comes(caller: Caller, lake: Lake) -> None:
    number = next(numbers)
    answers = [caller.status(number, "undelivered", ErrorCode="30003") for _ in range(3)]
    assert [(one.status_code, one.content) for one in answers] == [(204, b"")] * 3
    caller.settle()
    assert events(lake, number) == [("undelivered", 30003, "callback")]


def test_an_inbound_message_is_there_with_all_that_came_with_it(caller: Caller, lake: Lake) -> None:
    number = next(numbers)
    extra = {
        "ProfileName": "Ada 🙂",
        "WaId": "14155550123",
        "ButtonText": "",
        "BrandNewField": "x",
        "NumMedia": "1",
    }
    answer = caller.inbound(number, "Grüße\n¿qué?", MediaUrl0="https://a.example/1", **extra)
    assert (answer.status_code, answer.text) == (
        200,
        '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
    )
    assert answer.headers["Content-Type"].startswith("text/xml")
    caller.settle()
    assert lake.rows(
        "select sender, contact, body, segments, media_count, status, spend, country, is_outbound "
        "from messages where message_sid = ?", [sid(number)],
    ) == [(SENDER, CONTACT, "Grüße\n¿qué?", 1, 1, "received", None, "US", False)]  # fmt: skip
    fields = json.loads(lake.value("select fields from webhook_fields where message_sid = ?", [sid(number)]))
    assert fields == {
        "ProfileName": "Ada 🙂", "WaId": "14155550123", "ButtonText": "", "BrandNewField": "x",
        "MediaUrl0": "https://a.example/1", "FromCity": "", "FromCountry": "US",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Body": " Stop "}, "opt-out"),
        ({"Body": "revoke"}, "opt-out"),
        ({"Body": "adios", "OptOutType": "STOP"}, "opt-out"),
        ({"Body": "STOP", "OptOutType": "HELP"}, "help"),
        ({"Body": "hola", "OptOutType": "START"}, "opt-in"),
        ({"Body": "QUIT", "To": "+18885550100"}, None),
        ({"Body": "STOP", "To": "+18885550100"}, "opt-out"),
        ({"Body": "Stop please"}, None),
    ],
)
def test_an_opt_out_is_in_force_when_it_is_answered(
    caller: Caller, lake: Lake, fields: dict[str, str], kind: str | None
) -> None:
    number, person = next(numbers), f"+1415556{next(numbers)}"
    assert caller.inbound(number, **{"From": person, **fields}).status_code == 200
    if kind is None:
        caller.settle()
    # No waiting where something was said: it had to be there before the answer.
    found = lake.rows("select kind from consent_events where address = ?", [person])
    assert found == ([(kind,)] if kind else [])
    suppressed = lake.rows("select scope from suppressions where address = ?", [person])
    assert suppressed == ([(fields.get("To", SENDER),)] if kind == "opt-out" else [])


def test_a_confirmation_is_sent_only_where_twilio_sends_none(caller: Caller) -> None:
    answer = caller.inbound(next(numbers), "STOP", From="+14155559991").text
    assert answer == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Message><Body>You will get no more messages from '
        'ACME &amp; Co. &lt;Reply START to "come" back&gt;</Body></Message></Response>'
    )
    for fields in ({"OptOutType": "STOP"}, {"To": "+18885550100"}):
        assert "<Message>" not in caller.inbound(next(numbers), "STOP", **fields).text
    assert "<Message>" not in caller.inbound(next(numbers), "START").text


def test_the_forged_is_refused_and_counted(caller: Caller, lake: Lake) -> None:
    number, form = next(numbers), status_form(1, "delivered")
    form["MessageSid"] = sid(number)
    before = sum(caller.ready()["refused"].values())
    bare = caller.http.post(STATUS_PATH, data=form)
    empty = caller.post(STATUS_PATH, form, **{"X-Twilio-Signature": ""})
    wrong = caller.post(STATUS_PATH, form, token="another")
    elsewhere = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + INBOUND_PATH, form)
    other_path = caller.post(STATUS_PATH, form, **{"X-Twilio-Signature": elsewhere})
    assert [one.status_code for one in (bare, empty, wrong, other_path)] == [403] * 4
    assert TOKEN not in "".join(one.text for one in (bare, empty, wrong, other_path))
    assert sum(caller.ready()["refused"].values()) == before + 4
    caller.settle()
    assert events(lake, number) == []


def test_a_subaccounts_webhook_counts_only_with_its_own_token(caller: Caller, lake: Lake) -> None:
    number = next(numbers)
    theirs = status_form(number, "sent", AccountSid=SUBACCOUNT)
    ours = status_form(number, "sent")
    signed = [(theirs, SUBACCOUNT_TOKEN), (theirs, TOKEN), (ours, SUBACCOUNT_TOKEN)]
    codes = [caller.post(STATUS_PATH, form, token=token).status_code for form, token in signed]
    assert codes == [204, 403, 403]
    caller.settle()
    assert events(lake, number) == [("sent", None, "callback")]


def test_the_log_says_when_the_token_of_an_account_is_missing(caller: Caller) -> None:
    for account, is_told in ((SUBACCOUNT, False), ("AC" + "6" * 32, True)):
        before = Counter(caller.ready()["refused"])
        answer = caller.post(
            STATUS_PATH, status_form(next(numbers), "sent", AccountSid=account), token="a-strange-token"
        )
        # A stranger learns nothing of which accounts there are.
        assert (answer.status_code, answer.text) == (403, "signature: wrong\n")
        [reason] = Counter(caller.ready()["refused"]) - before
        assert ("TWILIO_SUBACCOUNT_TOKENS" in reason) == is_told


def test_head_is_get_without_the_body(caller: Caller) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/", 404), (STATUS_PATH, 405)):
        answer = caller.http.head(path)
        assert (answer.status_code, answer.content) == (status, b""), path


def save(lake: Lake, number: int, status: str) -> None:
    """As a sync brings the main account's message of this number."""
    now = datetime.now(UTC)
    dates = {"date_created": now, "date_sent": now, "date_updated": now}
    message = {**payload(number, status=status, **dates), "sid": sid(number)}
    table = message_table([message_row(message)])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=now))


def test_a_subaccounts_token_moves_no_message_of_another_account(caller: Caller, lake: Lake) -> None:
    """Neither one that the lake has, nor one that comes later."""
    known, later = next(numbers), next(numbers)
    save(lake, known, "sent")
    for number in (known, later):
        theirs = status_form(number, "delivered", AccountSid=SUBACCOUNT)
        assert caller.post(STATUS_PATH, theirs, token=SUBACCOUNT_TOKEN).status_code == 204
    caller.settle()
    save(lake, later, "sent")
    for number in (known, later):
        assert lake.value("select status from messages where message_sid = ?", [sid(number)]) == "sent"
        assert ("delivered", None, "callback") not in events(lake, number)
    assert caller.status(known, "delivered").status_code == 204
    caller.settle()
    assert lake.value("select status from messages where message_sid = ?", [sid(known)]) == "delivered"


def test_a_subaccounts_message_to_another_accounts_sender_is_kept_apart(caller: Caller, lake: Lake) -> None:
    """No consent comes back by it; an opt-out in it counts, for the number may have changed its account."""
    start, stop = next(numbers), next(numbers)
    lake.write(
        lambda cursor: cursor.execute(
            "insert into senders (account_sid, sender, sender_type, read_at) values (?, ?, 'local', now())",
            [ACCOUNT, SENDER],
        )
    )
    try:
        for number, body in ((start, "START"), (stop, "STOP")):
            form = inbound_form(number, body, AccountSid=SUBACCOUNT, From=f"+1206555{number:04d}")
            assert caller.post(INBOUND_PATH, form, token=SUBACCOUNT_TOKEN).status_code == 200
        caller.settle()
        sids = [sid(start), sid(stop)]
        assert lake.rows(
            "select kind from consent_events where message_sid in (select unnest(?))", [sids]
        ) == [("opt-out",)]
        assert (
            lake.rows("select field, reason from quarantined_rows where sid in (select unnest(?))", [sids])
            == [("To", "is a sender of another account")] * 2
        )
        assert lake.rows("select 1 from messages where message_sid in (select unnest(?))", [sids]) == []
    finally:
        lake.write(lambda cursor: cursor.execute("delete from senders where sender = ?", [SENDER]))


def test_readiness_tells_strangers_yes_or_no(caller: Caller) -> None:
    assert caller.http.get("/readyz").json() == {"ready": True}
    wrong = {"Authorization": "Bearer " + "0" * 64}
    assert caller.http.get("/readyz", headers=wrong).json() == {"ready": True}
    assert set(caller.ready()) > {"ready", "troubles", "refused", "failed_jobs"}


def test_json_with_the_hash_of_its_body_is_taken(caller: Caller, lake: Lake) -> None:
    number = next(numbers)
    body = json.dumps(status_form(number, "sent")).encode()
    path = f"{STATUS_PATH}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, {})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
    assert caller.http.post(path, content=body + b" ", headers=headers).status_code == 403
    assert caller.http.post(path, content=body, headers=headers).status_code == 204
    caller.settle()
    assert events(lake, number) == [("sent", None, "callback")]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"a=" + b"x" * 200_000, {}, 413),
        (b"&".join(b"f%d=1" % number for number in range(300)), {}, 400),
        (b"MessageSid=%ff%fe", {}, 403),
        ("MessageSid=ü".encode(), {}, 403),
        (b"MessageSid=SM1", {"Content-Type": f"{FORM}; charset=iso-8859-1"}, 415),
        (b"MessageSid=SM1", {"Content-Type": f'{FORM}; charset="UTF-8"'}, 403),
        (b"MessageSid=SM1", {"Content-Type": "text/plain"}, 415),
        (b"MessageSid=SM1", {"Content-Type": ""}, 415),
        (b"{", {"Content-Type": "application/json"}, 403),
        (b"", {}, 403),
    ],
)
def test_the_malformed_is_refused(
    caller: Caller, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = caller.http.post(STATUS_PATH, content=content, headers={"Content-Type": FORM, **headers})
    assert answer.status_code == status
    # A connection that the server ends is announced; on all others the next request is answered.
    assert ("Connection" in answer.headers) == (status == 413)


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageSid": "", "SmsSid": ""},
        {"MessageSid": "SM'; drop table raw_messages"},
        {"AccountSid": "AC1"},
        {"MessageStatus": "", "SmsStatus": ""},
        {"MessageStatus": "x" * 65},
    ],
)
def test_the_genuine_without_sense_is_kept_with_its_reason(
    caller: Caller, lake: Lake, changes: dict[str, str]
) -> None:
    number = next(numbers)
    form = {**status_form(number, "sent"), "To": f"+1415558{number}", **changes}
    assert caller.post(STATUS_PATH, form).status_code == 204
    caller.settle()
    [(sid_kept, field, reason, account_sid)] = lake.rows(
        "select sid, field, reason, account_sid from quarantined_rows where resource = 'status callbacks' "
        "and to_address = ?", [form["To"]],
    )  # fmt: skip
    # Only a sync of its account resolves it.
    assert account_sid == ACCOUNT
    assert field in changes
    assert reason.startswith(f"{field} is missing")
    assert sid_kept == (None if "SmsSid" in changes else sid(number))


@pytest.mark.parametrize(
    ("changes", "scope"),
    [
        ({"MessageSid": "", "SmsSid": "", "SmsMessageSid": ""}, SENDER),
        ({"To": ""}, "*"),
        ({"AccountSid": ""}, SENDER),
        ({"MessageSid": "?", "SmsSid": "?", "MessagingServiceSid": "MG" + "7" * 32}, "MG" + "7" * 32),
    ],
)
def test_an_opt_out_in_a_form_without_sense_is_in_force_when_it_is_answered(
    caller: Caller, lake: Lake, changes: dict[str, str], scope: str
) -> None:
    number, person = next(numbers), f"+1415557{next(numbers)}"
    answer = caller.inbound(number, " stop ", **{"From": person, **changes})
    assert (answer.status_code, "<Response>" in answer.text) == (200, True)
    assert lake.rows("select scope from suppressions where address = ?", [person]) == [(scope,)]
    # Of the account that signed it, so that it reaches the services of its sender.
    assert lake.rows("select account_sid from consent_events where address = ?", [person]) == [(ACCOUNT,)]
    assert lake.rows(
        "select resource, part <> '', from_address from quarantined_rows where from_address = ?", [person]
    ) == [("inbound webhooks", True, person)]


def signed_by(fields: dict[str, str]) -> dict[str, str]:
    """Headers of a form that is signed over these texts."""
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + INBOUND_PATH, fields)
    return {"X-Twilio-Signature": signature, "Content-Type": FORM}


@pytest.mark.parametrize(
    ("written", "signed", "kept", "is_opt_out"),
    [
        (b"caf%E9", "café", "café", False),  # Windows-1252, signed as the text that it is
        (b"caf\xe9", "café", "café", False),
        (b"a%FFb", "a\ufffdb", "a\ufffdb", False),
        (b"STOP%FF", "STOP\ufffd", "STOP\ufffd", True),
        (b"STOP%A0", "STOP\u00a0", "STOP\u00a0", True),
    ],
)
def test_a_form_that_is_not_utf_8_is_kept_and_its_opt_out_heard(
    caller: Caller, lake: Lake, written: bytes, signed: str, kept: str, is_opt_out: bool
) -> None:
    number, person = next(numbers), f"+1415559{next(numbers)}"
    fields = inbound_form(number, "BODY", From=person)
    form = urlencode(fields).encode().replace(b"BODY", written)
    headers = signed_by({**fields, "Body": signed})
    assert caller.http.post(INBOUND_PATH, content=form + b"&x=1", headers=headers).status_code == 403
    assert caller.http.post(INBOUND_PATH, content=form, headers=headers).status_code == 200
    caller.settle()
    assert lake.rows("select body from raw_messages where message_sid = ?", [sid(number)]) == [(kept,)]
    assert bool(lake.rows("select 1 from suppressions where address = ?", [person])) is is_opt_out


def test_other_methods_and_addresses(caller: Caller) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert caller.http.request(method, STATUS_PATH).status_code == 405
    assert caller.http.get("/webhooks/twilio/other").status_code == 404
    assert caller.http.get("/healthz").json() == {"status": "ok"}
    assert "Server" not in caller.status(next(numbers)).headers


def test_a_long_chunked_body_is_cut_off(caller: Caller) -> None:
    answer = caller.http.post(
        STATUS_PATH,
        content=(b"x" * 10_000 for _ in range(40)),
        # What is cut off is reset, sooner or later: the next test must not use the same connection.
        headers={"Content-Type": FORM, "Connection": "close"},
    )
    assert answer.status_code == 413


def test_a_slow_request_keeps_nobody_waiting(caller: Caller) -> None:
    with socket.create_connection((caller.http.base_url.host, caller.http.base_url.port)) as slow:
        head = f"POST {STATUS_PATH} HTTP/1.1\r\nHost: hooks.example\r\nContent-Length: 100\r\n\r\n"
        slow.sendall(f"{head}a".encode())
        began = time.monotonic()
        assert caller.status(next(numbers)).status_code == 204
        assert time.monotonic() - began < 5


def test_strange_values_are_kept_as_they_are(caller: Caller, lake: Lake) -> None:
    number, body = next(numbers), "a\x00b'\"\\ \u202e 🏳️‍🌈 <script>" + "x" * 1600
    odd = {"NumSegments": "many", "NumMedia": "-1", "Latitude": "", "Body": body}
    assert caller.inbound(number, **odd).status_code == 200
    assert caller.status(number + 500_000, "a_new_status", ErrorCode="99999999999999").status_code == 204
    caller.settle()
    assert lake.rows(
        "select body, segments, media_count from messages where message_sid = ?", [sid(number)]
    ) == [(body, None, 0)]
    assert events(lake, number + 500_000) == [("a_new_status", None, "callback")]


names = strategies.sampled_from(
    [*inbound_form(1, ""), "OptOutType", "ErrorCode", "MessageStatus", "MediaUrl0", "x", ""]
)
values = strategies.text(
    strategies.characters(exclude_categories=["Cs"]), max_size=30
) | strategies.sampled_from([ACCOUNT, CONTACT, SENDER, sid(77), "STOP", "0", "-1", "\x00"])


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    strategies.dictionaries(names, values, max_size=14), strategies.sampled_from([STATUS_PATH, INBOUND_PATH])
)
def test_no_genuine_form_breaks_anything(caller: Caller, fields: dict[str, str], path: str) -> None:
    # Two hundred and four, or TwiML: what cannot be read is kept, and asking again would not help it.
    assert caller.post(path, fields).status_code in (200, 204)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    strategies.binary(max_size=300),
    strategies.dictionaries(
        strategies.sampled_from(
            ["Content-Type", "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"]
        ),
        strategies.text("abcABC012=/,;+ü", max_size=20).map(str.strip),
    ),
)
def test_no_bytes_break_anything(caller: Caller, body: bytes, headers: dict[str, str]) -> None:
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert caller.http.post(STATUS_PATH, content=body, headers=encoded).status_code in (400, 403, 415)


def test_after_all_of_it_the_server_is_well(caller: Caller, home: Path) -> None:
    report = caller.settle()
    assert report["ready"], report
    assert not list((home / "spool").glob("set-aside*"))


def test_what_may_not_be_kept_never_reaches_the_disk(tmp_path: Path) -> None:
    home = tmp_path / "masked"
    with hooked(load_settings(environment(home, WORKBENCH_PRIVACY="masked"))) as caller:
        caller.settle()
        with open_lake(load_settings(environment(home))) as lake:
            hold = lake.address.catalog + ".lock"
            from workbench.lake.lock import exclusive

            with exclusive(Path(hold)):  # so that the spool still holds it when we look
                secret = {
                    "ProfileName": "Lovelace",
                    "Unknown": "Adalgisa",
                    "EventType": "READ",
                    "FromCity": "LONDON",
                }
                assert caller.inbound(1, "my secret", From="+14155550177", **secret).status_code == 200
                assert (
                    caller.status(
                        1, "read", To="+14155550177", ChannelStatusMessage="to Adalgisa"
                    ).status_code
                    == 204
                )
                spooled = b"".join(path.read_bytes() for path in (home / "spool").iterdir())
            assert sid(1).encode() in spooled
            caller.settle()
            assert lake.rows("select contact, body, country from messages") == [("+1415***0177", None, "US")]
            fields = dict(lake.rows("select kind, fields from webhook_fields"))
            assert {kind: json.loads(text) for kind, text in fields.items()} == {
                "inbound": {"EventType": "READ", "FromCountry": "US"}
            }
    everything = spooled + b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for forbidden in (b"4155550177", b"my secret", b"Lovelace", b"Adalgisa", b"LONDON"):
        assert forbidden not in everything, forbidden


def test_without_a_public_address_webhooks_are_off_and_say_so(tmp_path: Path) -> None:
    environ = environment(tmp_path / "off")
    del environ["WORKBENCH_PUBLIC_URL"]
    with hooked(load_settings(environ)) as caller:
        answer = caller.status(1)
        assert (answer.status_code, answer.text) == (503, "webhooks are off\n")
        assert "WORKBENCH_PUBLIC_URL" in caller.ready()["webhooks"]


def test_a_flood_is_capped(tmp_path: Path) -> None:
    environ = environment(tmp_path / "flood")
    with (tmp_path / "flood" / "workbench.toml").open("a") as file:
        file.write("[webhooks]\nmost_per_second = 5\n")
    with hooked(load_settings(environ)) as caller:
        codes = [caller.status(number).status_code for number in range(12)]
        assert set(codes) == {204, 429}
        assert codes[:5] == [204] * 5


def test_the_lake_away_delays_nothing_but_an_opt_out(
    caller: Caller, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.lake.lock import exclusive
    from workbench.server import webhook_handlers

    monkeypatch.setattr(webhook_handlers, "_OPT_OUT_SECONDS", 0.5)
    number, person = next(numbers), "+14155558881"
    with exclusive(Path(lake.address.catalog + ".lock")):
        assert caller.status(number).status_code == 204
        assert caller.inbound(number + 600_000, "Hello").status_code == 200
        refused = caller.inbound(number + 700_000, "STOP", From=person)
        assert refused.status_code == 503
        assert caller.ready()["waiting_for_lake"] == 3
    caller.settle()
    # Answered 503, because it was not in force yet; kept all the same.
    assert lake.rows("select kind from consent_events where address = ?", [person]) == [("opt-out",)]
    assert caller.http.get("/readyz").status_code == 200
