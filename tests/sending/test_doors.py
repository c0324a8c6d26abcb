"""Blanks are one thing in every door: filled from values and columns, or the recipient is blocked.

Each door sends a text with blanks for real to a number of its own; what arrived is asked of the account.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from click.testing import CliRunner

from tests.conversations.installation import afternoon_zone
from tests.sending.conftest import SENDER, environment
from workbench import UsageError, Workbench
from workbench.api.composer import open_composer_session
from workbench.api.inbox import open_inbox_session
from workbench.api.sending import check, draft_of
from workbench.cli import main
from workbench.sending.outgoing import Outgoing, intent_key
from workbench.simulator import Server

ANY_HOUR: dict[str, Any] = {"sender": SENDER, "ignore_quiet_hours": True}
NUMBERS = (f"+1415555{number:04}" for number in itertools.count(1000))

Values = Mapping[str, object]
Door = Callable[[Workbench, str, str, Values], tuple[str, str]]
"""Sends a text with values to a number; gives the state and why."""


@pytest.fixture
def command(wb: Workbench, server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    for name, value in environment(wb.settings.home, server).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, arguments)
        return done.exit_code, done.output

    return run


def arrived(server: Server, number: str) -> list[str]:
    """The texts that the account sent to a number, asked without our client."""
    account = server.account
    answer = httpx.get(
        f"{server.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
        params={"To": number, "PageSize": 100},
        auth=(account.account_sid, account.auth_token),
    )
    return [row["body"] for row in answer.raise_for_status().json()["messages"]]


TALKED_TO: dict[str, str] = {}


def talked_to(wb: Workbench, number: str) -> str:
    """The conversation with a number, begun once, at an hour when it may be written to."""
    if number not in TALKED_TO:
        wb.send(number, "Before", confirm=True, batch="before", **ANY_HOUR)
        wb.contacts.edit(number, timezone=afternoon_zone())
        TALKED_TO[number] = wb.conversation(number).id
    return TALKED_TO[number]


def by_send(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    done = wb.send(number, text, confirm=True, variables=values, **ANY_HOUR)
    return done.state, done.why()


def by_template(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    folder = wb.settings.home / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "door.toml").write_text(f"body = {json.dumps(text)}\n")
    done = wb.send(number, template="door", confirm=True, variables=values, **ANY_HOUR)
    return done.state, done.why()


def by_batch(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    done = wb.send_batch(pd.DataFrame([{"to": number, **values}]), text, confirm=1, **ANY_HOUR).results[0]
    return done.state, done.why()


def by_batch_variables(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    done = wb.send_batch([{"to": number}], text, variables=values, confirm=1, **ANY_HOUR).results[0]
    return done.state, done.why()


def by_column_body(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    frame = pd.DataFrame([{"to": number, "body": text, **values}])
    done = wb.send_batch(frame, confirm=1, **ANY_HOUR).results[0]
    return done.state, done.why()


def by_reply(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    done = wb.reply(talked_to(wb, number), text, variables=values, confirm=True, ignore_quiet_hours=True)
    return done.state, done.why()


def by_open_conversation(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    found = wb.conversation(talked_to(wb, number))
    done = found.reply(text, variables=values, confirm=True, ignore_quiet_hours=True)
    return done.state, done.why()


def by_composer(wb: Workbench, number: str, text: str, values: Values) -> tuple[str, str]:
    talked_to(wb, number)
    frame = pd.DataFrame([{"to": number, **values}])
    assert wb.outbox.composer(frame, text, sender=SENDER) is not None
    context = open_composer_session(
        wb._installation, frame, text, sender=SENDER, service=None, batch=None, to_column=None
    )
    checked = context.answer({"ask": "check", "body": text})["ok"]
    news = context.answer({"ask": "send", "body": text, "typed": "1"})["ok"]
    while news["running"]:
        time.sleep(0.05)
        news = context.answer({"ask": "progress"})["ok"]
    return next(iter(news["result"]["counts"])), " ".join(one["text"] for one in checked["reasons"])


DOORS: list[Door] = [
    by_send, by_template, by_batch, by_batch_variables, by_column_body, by_reply, by_open_conversation,
    by_composer,
]  # fmt: skip

SENT: list[tuple[str, Values, str]] = [
    ("Hi {{ first_name }}!", {"first_name": "Ann"}, "Hi Ann!"),
    ("Hi {{ first_name }}!", {"first_name": "{{ to }}"}, "Hi {{ to }}!"),
    ("{{ n }} left", {"n": 12.0}, "12 left"),
    ("Hi {{ first_name | default('you') }}!", {"first_name": None}, "Hi you!"),
    ("Type {{ '{{' }} x }}", {}, "Type {{ x }}"),
]
BLOCKED: list[tuple[str, Values, str]] = [
    ("Hi {{ first_nme }}!", {}, "a blank {{ first_nme }} without a value"),
    ("Hi {{ first_name }}!", {"first_name": "  "}, "{{ first_name }}, and its value is empty"),
    (
        "Hi {{ first_name }}!",
        {"first_name": float("nan")},
        "a blank {{ first_name }}, and its value is empty",
    ),
    ("Hi {{ first name }}!", {}, "{{ first name }} is no blank"),
    ("Hi {{ 1 }}!", {}, "a blank {{ 1 }}"),
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_fills_or_blocks(wb: Workbench, server: Server, door: Door) -> None:
    number = next(NUMBERS)
    for text, values, filled in SENT:
        assert door(wb, number, text, values)[0] == "sent", text
        assert filled in arrived(server, number)
    before = sorted(arrived(server, number))
    for text, values, reason in BLOCKED:
        if door is by_template and "first name" in text:
            continue
        state, why = door(wb, number, text, values)
        assert state == "blocked", text
        assert reason in why
    assert sorted(arrived(server, number)) == before


def test_a_template_that_cannot_be_read_is_an_error(wb: Workbench) -> None:
    with pytest.raises(UsageError, match="first name }} is no blank"):
        by_template(wb, next(NUMBERS), "Hi {{ first name }}!", {})


def test_the_inbox_fills_nothing_and_says_so_before_and_when_it_is_sent(
    wb: Workbench, server: Server
) -> None:
    number = next(NUMBERS)
    conversation = talked_to(wb, number)
    context = open_inbox_session(wb._installation, wb.conversation(conversation).details)
    for text, reason in (
        (
            "Hi {{ first_name }}",
            "a blank {{ first_name }} without a value. There are no values for blanks here",
        ),
        ("Is it {{ to }}?", "a blank {{ to }} without a value"),
        ("Hi {{ 7 * 7 }}", "more than names"),
        ("Hi {{ name", "A blank is written {{ first_name }}"),
    ):
        checked = context.answer({"ask": "check", "body": text})["ok"]
        assert checked["verdict"] == "block"
        assert reason in checked["reasons"][0]["text"]
        question = {"ask": "send", "conversation": conversation, "body": text, "key": "k", "confirmed": True}
        answered = context.answer(question)["ok"]
        assert answered["state"] == "blocked"
        assert reason in answered["text"]
    doubtful = context.answer({"ask": "check", "body": "Hi {first_name}"})["ok"]
    assert doubtful["verdict"] == "warn"
    assert "sent with {first_name} in it" in doubtful["reasons"][0]["text"]
    escaped = {"ask": "send", "conversation": conversation, "body": "Type {{ '{{' }} x }}", "key": "k"}
    assert context.answer({**escaped, "confirmed": True})["ok"]["state"] == "sent"
    assert sorted(arrived(server, number)) == ["Before", "Type {{ x }}"]


def test_a_canned_reply_with_braces_arrives_with_its_braces(wb: Workbench, server: Server) -> None:
    folder = wb.settings.home / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "braces.toml").write_text('body = "{% raw %}Type {{ x }}{% endraw %}"\n')
    number = next(NUMBERS)
    conversation = talked_to(wb, number)
    context = open_inbox_session(wb._installation, wb.conversation(conversation).details)
    canned = next(
        one["text"] for one in context.answer({"ask": "start"})["ok"]["canned"] if one["template"] == "braces"
    )
    question = {
        "ask": "send",
        "conversation": conversation,
        "body": canned,
        "key": "canned",
        "confirmed": True,
    }
    assert context.answer(question)["ok"]["state"] == "sent"
    assert sorted(arrived(server, number)) == ["Before", "Type {{ x }}"]
    (folder / "braces.toml").unlink()


def test_the_commands_fill_or_block_too(
    wb: Workbench, server: Server, command: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    options = ("--from", SENDER, "--ignore-quiet-hours")
    text = ("--body", "Hi {{ first_name }}!")
    one, missing, two, three, four = (next(NUMBERS) for _ in range(5))
    code, _ = command("send", "--to", one, *options, *text, "--var", "first_name=Ann", "--confirm")
    assert (code, arrived(server, one)) == (0, ["Hi Ann!"])
    code, told = command("send", "--to", missing, *options, *text, "--confirm")
    assert (code, arrived(server, missing)) == (1, [])
    assert "a blank {{ first_name }} without a value" in told
    file = tmp_path / "people.csv"
    file.write_text(f"to,first_name\n{two},Bo\n{three},\n")
    code, told = command("send-batch", str(file), *options, *text, "--confirm", "2")
    assert (code, arrived(server, two), arrived(server, three)) == (1, ["Hi Bo!"], [])
    assert "its value is empty" in told
    conversation = talked_to(wb, four)
    reply = ("reply", conversation, *text, "--ignore-quiet-hours", "--confirm")
    assert command(*reply)[0] == 1
    assert command(*reply, "--var", "first_name=Cy")[0] == 0
    assert sorted(arrived(server, four)) == ["Before", "Hi Cy!"]


def test_variables_of_a_content_template_are_filled(wb: Workbench) -> None:
    sid = "HX" + "a" * 32
    frame = [{"to": next(NUMBERS), "name": "Ann"}, {"to": next(NUMBERS), "name": ""}]
    options = {"content_sid": sid, "content_variables": {"1": "{{ name }}", "2": "plain"}, **ANY_HOUR}
    given = {name: value for name, value in options.items() if name != "ignore_quiet_hours"}
    draft, variables = draft_of(wb._installation, None, given)
    checked = check(wb._installation, draft, frame, variables, ignore_quiet_hours=True)
    assert checked[0].outgoing.content_variables == '{"1": "Ann", "2": "plain"}'
    shown = wb.outbox.preflight(pd.DataFrame(frame), **options)
    assert "a blank {{ name }}, and its value is empty" in shown["reasons"].iloc[1]


def test_preflight_takes_the_same_tables_as_the_batch(wb: Workbench) -> None:
    frame = pd.DataFrame(
        {"to": [next(NUMBERS), next(NUMBERS)], "body": ["Hi {{ name }}", "Hi"], "name": ["Ann", ""]}
    )
    assert list(wb.outbox.preflight(frame, **ANY_HOUR)["verdict"]) == ["warn", "warn"]
    frame["name"] = ["", ""]
    assert list(wb.outbox.preflight(frame, **ANY_HOUR)["verdict"]) == ["block", "warn"]


@pytest.mark.parametrize("body", [None, float("nan"), "", "  "])
def test_a_row_without_a_text_is_blocked(wb: Workbench, body: object) -> None:
    frame = pd.DataFrame({"to": [next(NUMBERS)], "body": [body]})
    assert "nothing to send" in wb.outbox.preflight(frame, **ANY_HOUR)["reasons"].iloc[0]


def test_a_doubt_stands_in_the_preview(wb: Workbench, command: Callable[..., tuple[int, str]]) -> None:
    shown = wb.send(next(NUMBERS), "Hi {first_name} and %name%", **ANY_HOUR)
    assert shown.state == "unconfirmed"
    assert "Nothing was sent" in shown.why()
    assert "sent with {first_name}, %name% in it as it stands" in shown.why()
    code, told = command("send", "--to", next(NUMBERS), "--from", SENDER, "--body", "Hi [First Name]",
                         "--ignore-quiet-hours")  # fmt: skip
    assert (code, "sent with [First Name] in it" in told) == (0, True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda wb, to: wb.send(to, "Hi", variables={"name": "Ann"}), "'name'.*no effect.*no blanks at all"),
        (
            lambda wb, to: wb.send(to, "Hi {{ first_name }}", variables={"frist_name": "Ann"}),
            "'frist_name'.*no effect.*Its blanks are: first_name. Did you mean 'first_name'",
        ),
        (
            lambda wb, to: wb.send_batch([{"to": to, "n": 1}], "Hi {{ n }}", variables={"n": 2}),
            "'n'.*no effect.*has a column of that name",
        ),
        (lambda wb, to: wb.outbox.preflight(to, "Hi", variables={"to": "x"}), "'to'.*no effect"),
        (lambda wb, to: wb.send(to, "Hi", variables="name=Ann"), "variables is 'name=Ann'; give a dict"),
        (lambda wb, to: wb.send(to, "Hi", template="x"), "Give one of body and template"),
        (lambda wb, to: wb.send(to, "Hi", content_sid="HX"), "Give one of body and content_sid"),
        (lambda wb, to: wb.send_batch([{"to": to}], "Hi", content_sid="HX"), "Give one of body and"),
        (lambda wb, to: wb.send(to, "Hi", content_variables={"1": "x"}), "content_variables.*no effect"),
        (lambda wb, to: wb.send(to, 12), "The body is 12, a int"),
        (lambda wb, to: wb.send(to, "Hi", fills_blanks=False), "no option 'fills_blanks'"),
    ],
)  # fmt: skip
def test_what_would_have_no_effect_is_refused(
    wb: Workbench, call: Callable[[Workbench, str], object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        call(wb, next(NUMBERS))


def test_a_text_without_blanks_keeps_its_key_and_goes_once(wb: Workbench, server: Server) -> None:
    assert (
        intent_key(Outgoing("+14155550123", "Sale {50%} }} today \r\n")) == "9bee4a6ea5fbf95bb3f9816ff464cf6f"
    )
    number = next(NUMBERS)
    states = [wb.send(number, "Sale {50%} }} today", confirm=True, **ANY_HOUR).state for _ in range(2)]
    filled = [
        wb.send(number, "Hi {{ n }}", confirm=True, variables={"n": 3}, **ANY_HOUR).state for _ in range(2)
    ]
    literal = wb.send(number, "Hi 3", confirm=True, **ANY_HOUR).state
    assert (states, filled, literal) == (["sent", "already_sent"], ["sent", "already_sent"], "already_sent")
    assert sorted(arrived(server, number)) == ["Hi 3", "Sale {50%} }} today"]
