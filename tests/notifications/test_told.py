"""From the message to the mail: who is told, what stands in it, and that nobody is told twice."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.conversations.known import ANA, BEN, HOSTILE
from tests.notifications.conftest import URL, DeskOfThree
from workbench.conversations.events import assign, note, set_state
from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.lake.notifications import (
    claim_notice,
    mark_read,
    read_notification_deliveries,
    read_undelivered,
    read_unread,
)
from workbench.notifications.addresses import read_addresses, save_address
from workbench.notifications.change import change_address, require_person
from workbench.notifications.deliver import tell_test
from workbench.roles import Actor, acting_as
from workbench.server.access.users import Users
from workbench.settings import Secret, load_settings
from workbench.targets.by_apprise import names_a_host

MINUTE = timedelta(minutes=1)


def test_a_message_is_told_once_with_its_number_masked_and_a_link(desk: DeskOfThree) -> None:
    desk.choose("ana", mail="now", mail_to="ana@example.com")
    change_address(desk.lake, desk.settings, "ben", desk.receiver.address)
    desk.choose("ben", apprise="now")
    desk.write(HOSTILE)
    at = desk.write("Second")
    assert desk.look(at).noted == 3
    assert (desk.look(at + timedelta(seconds=59)).told, desk.mails, desk.receiver.received) == (0, [], [])
    assert desk.look(at + MINUTE).told == 2
    for seconds in (61, 62, 3700):
        assert desk.look(at + timedelta(seconds=seconds)).told == 0
    [(to, mail)] = desk.mails
    [posted] = desk.receiver.received
    subject = "2 new messages from +1415***0123 (Support desk) are waiting"
    conversation = read_unread(desk.lake, at, "vic")[0].conversation_id
    assert to == "ana@example.com"
    assert f"Subject: {subject}" in mail.replace("\n ", " ").replace("\r", "")
    assert f"{URL}/inbox?conversation={conversation}" in mail
    assert (posted["title"], posted["message"].splitlines()[0]) == (subject, subject)
    for outside in (mail, json.dumps(posted)):
        assert "Second" not in outside
        assert "hacked" not in outside
        assert ANA not in outside
        assert ANA[2:] not in outside


def test_a_team_is_told_as_each_of_its_people_and_what_is_nobodys_any_more_as_nobodys(
    desk: DeskOfThree,
) -> None:
    def told(person: str) -> list[str]:
        return sorted(each.kind for each in read_unread(desk.lake, datetime.now(UTC), person))

    for person in ("ana", "ben", "vic"):
        desk.choose(person, messages="mine")
    desk.decide(assign("floor", "user:ben"))
    desk.look(desk.write())
    assert (told("ana"), told("vic"), told("ben")) == (["assigned", "message"], ["assigned", "message"], [])
    desk.decide(note("@floor: who takes it?", "user:ana"))
    desk.look(datetime.now(UTC))
    assert (told("ana"), told("vic"), told("ben")) == (
        ["assigned", "message"],
        ["assigned", "mention", "message"],
        [],
    )
    desk.decide(assign("dan", "user:ana"))
    desk.choose("ben", messages="mine-and-unassigned")
    desk.look(desk.write("Anybody?"))
    assert told("ben") == ["message"]


def test_nobody_is_told_what_they_read_or_somebody_answered(desk: DeskOfThree) -> None:
    for person in ("ana", "ben", "vic"):
        desk.choose(person, mail="now", mail_to=f"{person}@example.com")
    at = desk.write()
    assert desk.look(at).noted == 3
    [unread] = read_unread(desk.lake, at, "ana")
    assert mark_read(desk.lake, "ana", unread.conversation_id, at)
    assert not mark_read(desk.lake, "ana", unread.conversation_id, at)
    desk.look(at + MINUTE)
    assert sorted(to for to, _ in desk.mails) == ["ben@example.com", "vic@example.com"]
    # The next one is answered before it is told; another one is resolved.
    desk.write("And now?")
    at = desk.write("Me too", contact=BEN)
    assert desk.look(at).noted == 6
    desk.write("Here it is.", is_ours=True)
    desk.decide(set_state("resolved", "user:ana"))
    again = desk.look(datetime.now(UTC) + MINUTE)
    assert again.told == 3
    assert {mail.count("conversation") for _, mail in desk.mails[2:]} == {1}
    assert {"+1312***0124" in mail for _, mail in desk.mails[2:]} == {True}


def test_an_opt_out_and_what_is_not_theirs_tells_nobody(desk: DeskOfThree) -> None:
    desk.decide(assign("ben", "user:ana"))
    assert desk.look(datetime.now(UTC)).noted == 1
    desk.write("STOP", contact=BEN)
    at = desk.write()
    desk.look(at)
    assert [(each.person, each.kind) for each in read_unread(desk.lake, at)] == [
        ("ben", "assigned"),
        ("ben", "message"),
    ]


def test_a_note_that_names_somebody_tells_them_once(desk: DeskOfThree) -> None:
    desk.choose("vic", mail="now", mail_to="vic@example.com", outside="nothing")
    desk.decide(note("@vic and @ana: call them, +14155550123", "user:ana"))
    now = datetime.now(UTC)
    assert (desk.look(now).noted, desk.look(now).noted) == (1, 0)
    [(to, mail)] = desk.mails
    assert to == "vic@example.com"
    assert "Subject: A note names you" in mail
    assert "4155550123" not in mail
    assert "conversation=" not in mail
    # Also after it was read.
    [unread] = read_unread(desk.lake, now, "vic")
    mark_read(desk.lake, "vic", unread.conversation_id, now)
    assert desk.look(now).noted == 0


def test_who_was_removed_is_told_nothing_any_more(desk: DeskOfThree) -> None:
    for person in ("ana", "ben"):
        desk.choose(person, mail="now", mail_to=f"{person}@example.com")
    at = desk.write()
    desk.look(at)
    Users(desk.settings.home).remove("ben")
    assert desk.look(at + MINUTE).told == 1
    assert [to for to, _ in desk.mails] == ["ana@example.com"]
    at = desk.write("Hello?")
    desk.look(at + MINUTE)
    assert {each.person for each in read_unread(desk.lake, at) if each.noted_at > at} == {"ana", "vic"}
    with pytest.raises(UnknownName, match="ben"):
        require_person(desk.settings, "ben", {})


def test_a_text_leaves_the_pages_only_where_an_admin_and_the_person_say_so(desk: DeskOfThree) -> None:
    with pytest.raises(UsageError, match="text_outside is false"):
        desk.choose("ana", outside="text")
    path = desk.settings.home / "workbench.toml"
    path.write_text(path.read_text() + "[notifications]\ntext_outside = true\nmail = 'now'\n")
    desk.settings = load_settings({"WORKBENCH_HOME": str(desk.settings.home)})
    desk.choose("ana", outside="text", mail_to="ana@example.com")
    desk.choose("ben", mail_to="ben@example.com")
    at = desk.write("Call me\u202e at +1 415 555 0123\r\nSubject: bought")
    desk.look(at + MINUTE)
    desk.look(at + 2 * MINUTE)
    mails = dict(desk.mails)
    body = mails["ana@example.com"].partition("\r\n\r\n")[2] or mails["ana@example.com"].partition("\n\n")[2]
    assert "415 555" not in body
    assert "555 0123" not in body
    assert "Call me" not in mails["ben@example.com"]
    # An admin takes it back: what ana chose no longer counts.
    path.write_text(path.read_text().replace("text_outside = true", "text_outside = false"))
    desk.settings = load_settings({"WORKBENCH_HOME": str(desk.settings.home)})
    at = desk.write("Call me again", contact=BEN)
    desk.look(at + MINUTE)
    desk.look(at + 2 * MINUTE)
    assert "again" not in "".join(mail for _, mail in desk.mails[2:])


def test_what_did_not_arrive_is_tried_again_and_shown(desk: DeskOfThree) -> None:
    save_address(desk.settings.home, "ana", Secret(desk.receiver.address), may_name_host=True)
    desk.choose("ana", apprise="now")
    desk.receiver.answers = [500, 500]
    at = desk.write()
    desk.look(at)
    for minutes in (1, 2):
        desk.look(at + minutes * MINUTE)
    [trouble] = read_undelivered(desk.lake, at + 3 * MINUTE, "ana")
    assert (trouble.attempt, trouble.outcome) == (2, "failed")
    assert trouble.detail == "the service answered with HTTP 500"
    assert read_undelivered(desk.lake, at, "ben") == []
    desk.look(at + 7 * MINUTE)
    assert len(desk.receiver.received) == 1
    assert read_undelivered(desk.lake, at + 8 * MINUTE) == []


def test_tests_count_for_the_cap(desk: DeskOfThree) -> None:
    desk.choose("ana", mail="now", mail_to="gone@example.com")
    now = datetime.now(UTC)
    answers = [tell_test(desk.lake, desk.settings, "ana", now)["mail"] for _ in range(21)]
    assert {each.outcome for each in answers} == {"failed"}
    assert "refused g***@example.com" in answers[0].detail
    assert answers[20].detail == "the notices of this hour are used up"


def test_an_address_is_a_secret_and_only_an_admin_names_a_host(
    desk: DeskOfThree, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = desk.receiver.address
    with acting_as(Actor("ana", "agent")):
        with pytest.raises(UsageError, match="only an admin may") as refused:
            change_address(desk.lake, desk.settings, "ana", address)
        change_address(
            desk.lake, desk.settings, "ana", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
        )
    assert list(read_addresses(desk.settings.home)) == ["ana"]
    with pytest.raises(UsageError, match="no address of a service"):
        change_address(desk.lake, desk.settings, "ana", "hush-hush-token")
    change_address(desk.lake, desk.settings, "ana", address)
    path = desk.settings.home / "notification_targets.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    rows = desk.lake.rows("select detail from audit_events where action = 'notifications-set'")
    chosen = desk.lake.rows("select * from notification_choices")
    shown = [
        str(refused.value),
        repr(read_addresses(desk.settings.home)),
        repr(rows),
        repr(chosen),
        caplog.text,
    ]
    assert [text for text in shown if "hush-hush" in text or "TIiajk" in text] == []
    change_address(desk.lake, desk.settings, "ana", "")
    assert read_addresses(desk.settings.home) == {}
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_addresses(desk.settings.home)


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("json://10.0.0.1/x", True),
        ("xml://localhost", True),
        ("ntfys://ntfy.example.com/topic", True),
        ("mailto://user:pass@example.com", True),
        ("syslog://", True),
        ("dbus://", True),
        ("no such form", True),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", False),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", False),
    ],
)
def test_which_addresses_make_this_machine_ask_another(address: str, names: bool) -> None:
    assert names_a_host(Secret(address)) is names


def test_of_two_processes_that_plan_the_same_one_tells_it(desk: DeskOfThree) -> None:
    desk.choose("ana", mail="now", mail_to="ana@example.com")
    at = desk.write()
    desk.look(at + MINUTE)
    desk.look(at + 2 * MINUTE)
    [first] = read_notification_deliveries(desk.lake, at)
    assert not claim_notice(desk.lake, [replace(first, delivery_id="other", notice_id="other")])
    assert claim_notice(desk.lake, [replace(first, delivery_id="other", attempt=2)])
    assert len(desk.mails) == 1
