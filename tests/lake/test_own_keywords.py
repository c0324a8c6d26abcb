"""The account's own keywords, in messages from before and after somebody said what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lake.old import make_lake_of
from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from workbench import ConfigError, Workbench
from workbench.lake import Lake, open_lake
from workbench.lake.own_keywords import check_keywords, open_own_keywords
from workbench.lake.save import message_table, save_messages
from workbench.lake.webhooks import UnreadWebhook
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy
from workbench.server.webhook_forms import (
    inbound_message,
    inbound_record,
    read_record,
    unread_record,
)
from workbench.settings import Settings, load_settings
from workbench.settings.sections import KeywordSettings

SERVICE = "MG" + "1" * 32
SAID_AT = datetime(2026, 9, 3, 8, 30, tzinfo=UTC)
TOLL_FREE = "+18005550110"
WORDS = KeywordSettings(opt_out=("ARRET", "BAJA"), opt_in=("REPRISE",), help=("AIDE",))
NO_WORDS = KeywordSettings()


def save_inbound(
    lake: Lake, number: int, body: str, privacy: Privacy | None = None, to: str = SENDER
) -> None:
    row = message_row(
        payload(
            number, direction="inbound", **{"from": CONTACT}, to=to, body=body, status="received",
            date_created=SAID_AT,
        )
    )  # fmt: skip
    table = message_table([row])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=SAID_AT))


def keywords(lake: Lake) -> dict[str, str | None]:
    return dict(lake.rows("select body, keyword from raw_messages order by message_sid"))


def test_a_word_that_is_added_later_counts_in_the_messages_of_before(lake: Lake) -> None:
    for number, body in enumerate(["Arrêt", "aide", "Où est mon colis ?", "STOP", "x" * 400], start=1):
        save_inbound(lake, number, body)
    save_inbound(lake, 6, "BAJA", to=TOLL_FREE)
    save_inbound(lake, 7, "REPRISE", to=TOLL_FREE)
    own = open_own_keywords(lake, WORDS)
    assert own.meanings == {"aide": "help", "arret": "opt-out", "baja": "opt-out", "reprise": "opt-in"}
    assert keywords(lake) == {
        "Arrêt": "opt-out", "aide": "help", "Où est mon colis ?": None, "STOP": "opt-out", "x" * 400: None,
        "BAJA": "opt-out", "REPRISE": None,
    }  # fmt: skip
    told = lake.rows(
        "select message_sid[-1:], address, scope, kind, source, happened_at, said_to from consent_events "
        "where source = 'keyword' order by 1"
    )
    assert told == [
        ("1", CONTACT, SENDER, "opt-out", "keyword", SAID_AT, SENDER),
        ("2", CONTACT, SENDER, "help", "keyword", SAID_AT, SENDER),
        ("4", CONTACT, SENDER, "opt-out", "keyword", SAID_AT, SENDER),
        ("6", CONTACT, TOLL_FREE, "opt-out", "keyword", SAID_AT, TOLL_FREE),
    ]
    assert lake.rows("select distinct scope from suppressions order by 1") == [(SENDER,), (TOLL_FREE,)]
    assert lake.rows("select count(*) from raw_messages where revocation is not null") == [(0,)]


def test_a_list_is_searched_once_and_a_word_that_goes_keeps_what_it_meant(lake: Lake) -> None:
    save_inbound(lake, 1, "ARRET")
    open_own_keywords(lake, NO_WORDS)
    assert lake.rows("from keyword_lists") == []
    open_own_keywords(lake, WORDS)
    before = lake.snapshot_id()
    open_own_keywords(lake, WORDS)
    assert lake.snapshot_id() == before
    save_inbound(lake, 2, "stopp")
    open_own_keywords(lake, KeywordSettings(opt_out=("STOPP",)))
    assert keywords(lake) == {"ARRET": "opt-out", "stopp": "opt-out"}
    # The list reads the message again, and by now its words are others.
    save_inbound(lake, 1, "ARRET")
    assert keywords(lake)["ARRET"] == "opt-out"


def test_the_words_of_a_campaign_count_as_those_of_the_settings(lake: Lake) -> None:
    save_inbound(lake, 1, "Arrêt")
    save_inbound(lake, 2, "join")
    lake.write(
        lambda cursor: cursor.execute(
            "insert into messaging_services by name select ? as account_sid, ? as messaging_service_sid, "
            "'STOP\nArrêt\nNO MORE' as opt_out_words, 'HELP\nAIDE' as help_words, now() as read_at",
            [ACCOUNT, SERVICE],
        )
    )
    own = open_own_keywords(lake, NO_WORDS)
    assert own.meanings == {"aide": "help", "arret": "opt-out", "no more": "opt-out"}
    assert keywords(lake) == {"Arrêt": "opt-out", "join": None}


def test_a_new_word_stops_the_next_send_and_fills_the_list(home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with open_lake(settings) as lake:
        save_inbound(lake, 1, "Stopp")
    (home / "workbench.toml").write_text('[keywords]\nopt_out = ["STOPP"]\n')
    environ = {
        "WORKBENCH_HOME": str(home), "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9",
        "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "0" * 32,
    }  # fmt: skip
    with Workbench(load_settings(environ)) as wb:
        assert list(wb.consent.blocked()["scope"]) == [SENDER]
        checked = wb.send(CONTACT, "Hello", sender=SENDER, ignore_quiet_hours=True)
        assert checked.state == "blocked"
        assert wb.metric("opt_outs")["opt_outs"].tolist() == [1]


def test_a_webhook_is_heard_at_once_also_torn_and_also_unread(lake: Lake) -> None:
    own = open_own_keywords(lake, WORDS)
    form = {
        "MessageSid": "SM" + "a" * 32, "AccountSid": ACCOUNT, "From": CONTACT, "To": SENDER, "Body": "Arrêt",
    }  # fmt: skip
    fields = {name: [value] for name, value in form.items()}
    message = inbound_message(fields, SAID_AT, own)
    assert message.keyword == "opt-out"
    stored = read_record(inbound_record(fields, message, Privacy(own_keywords=own)))
    assert stored.message.keyword == "opt-out"  # type: ignore[union-attr]
    assert inbound_message(fields, SAID_AT).keyword is None
    assert inbound_message({**fields, "Body": ["AR\ufffdRET"]}, SAID_AT, own).keyword == "opt-out"
    assert inbound_message({**fields, "Body": ["AI\ufffdDE"]}, SAID_AT, own).keyword is None
    unread = read_record(
        unread_record(
            {**fields, "MessageSid": ["x"]}, ValueError("x"), "inbound webhooks", SAID_AT,
            Privacy(own_keywords=own), ACCOUNT,
        )
    )  # fmt: skip
    assert isinstance(unread, UnreadWebhook)
    assert unread.opt_out is not None
    assert (unread.opt_out.address, unread.opt_out.scope) == (CONTACT, SENDER)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"opt_out": ("fin",), "help": ("FIN",)}, "lists 'FIN' as help, and it is opt-out already"),
        ({"opt_in": ("stop",)}, "lists 'stop' as opt-in, and it is opt-out already"),
        ({"opt_out": ("Start",)}, "lists 'Start' as opt-out, and it is opt-in already"),
    ],
)
def test_a_word_cannot_have_two_meanings(words: dict[str, tuple[str, ...]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_keywords(KeywordSettings(**words))


def test_a_lake_of_an_older_version_gets_its_columns(settings: Settings) -> None:
    make_lake_of(settings, 45)
    with open_lake(settings) as lake:
        assert open_own_keywords(lake, WORDS).meanings["arret"] == "opt-out"
        assert lake.rows("select opt_out_words, help_words from messaging_services where false") == []
