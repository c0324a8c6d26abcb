"""Who is told of what, in which burst, and when: tables, with clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.lake.notifications import Notification, NotificationDelivery
from workbench.notifications.choices import NotificationChoice
from workbench.notifications.decide import Happening, is_told, note, still_waiting
from workbench.notifications.due import DueNotice, due_notices, next_look_at
from workbench.notifications.mentions import mentioned
from workbench.notifications.quiet import digest_due_at, is_quiet

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
"""A Wednesday."""
BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "happening", "told"),
    [
        # A message, by who has the conversation.
        ({"messages": "mine"}, ("message", "", "ana"), True),
        ({"messages": "mine"}, ("message", "", ""), False),
        ({"messages": "mine"}, ("message", "", "ben"), False),
        ({"messages": "mine-and-unassigned"}, ("message", "", "Ana"), True),
        ({"messages": "mine-and-unassigned"}, ("message", "", ""), True),
        ({"messages": "mine-and-unassigned"}, ("message", "", "ben"), False),
        ({"messages": "all"}, ("message", "", "ben"), True),
        ({"messages": "off"}, ("message", "", "ana"), False),
        # A conversation that is given to somebody, and a note that names somebody.
        ({}, ("assigned", "user:ben", "", "ana"), True),
        ({}, ("assigned", "user:ben", "", "ben"), False),
        ({}, ("assigned", "user:ana", "", "ana"), False),
        ({}, ("assigned", "local:ana", "", "ana"), False),
        ({"assigned": False}, ("assigned", "user:ben", "", "ana"), False),
        ({}, ("mention", "user:ben", "", "ana", "cal"), True),
        ({}, ("mention", "user:ben", "", "cal"), False),
        ({}, ("mention", "user:ana", "", "ana"), False),
        ({"mentions": False}, ("mention", "user:ben", "", "ana"), False),
        ({"messages": "off"}, ("mention", "user:ben", "", "ana"), True),
    ],
)
def test_who_is_told_what(choice: dict[str, Any], happening: tuple[str, ...], told: bool) -> None:
    kind, actor, assignee, *named = happening
    owners = (assignee.lower(),) if assignee else ()
    event = Happening(kind, "CW1", NOW, actor, owners, tuple(named))
    assert is_told("ana", NotificationChoice(**choice), event) is told


def test_a_name_with_capitals_is_the_same_person() -> None:
    event = Happening("assigned", "CW1", NOW, "user:ben", named=("ana",))
    assert is_told("Ana", NotificationChoice(), event)
    assert is_told(
        "Ana", NotificationChoice(messages="mine"), Happening("message", "CW1", NOW, owners=("ana",))
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@ana please look", ["ana"]),
        ("Please look, @Ana.", ["ana"]),
        ("@ana: and (@ben)", ["ana", "ben"]),
        ("@ben @ana @ben", ["ben", "ana"]),
        ("ask ben.ng@ana", []),
        ("mail ana@example.com", []),
        ("@cal@example.com, now", ["cal@example.com"]),
        ("@anabel", []),
        ("@ ana", []),
        ("@@ana", []),
        ("", []),
    ],
)
def test_whom_a_note_names(text: str, named: list[str]) -> None:
    assert mentioned(text, {"ana", "ben", "cal@example.com"}) == named


@given(st.text(), st.sets(st.sampled_from(["ana", "ben", "b.ng", "x@y.z"])))
def test_only_people_are_named(text: str, names: set[str]) -> None:
    assert set(mentioned(text, names)) <= names
    assert set(mentioned(f"{text} @ana!", {"ana"})) == {"ana"}


def message(conversation: str = "CW1", seconds: float = 0) -> Happening:
    return Happening("message", conversation, NOW + timedelta(seconds=seconds))


def test_five_messages_of_a_minute_are_one_notification_with_their_count() -> None:
    choices = {"ana": NotificationChoice(), "ben": NotificationChoice(messages="mine")}
    first = note([message(), message(seconds=1)], choices, [], NOW)
    assert [(each.person, each.events) for each in first] == [("ana", 2)]
    later = NOW + timedelta(seconds=50)
    more = note([message(seconds=s) for s in (48, 49, 50)], choices, first, later)
    assert [(each.notification_id, each.events) for each in more] == [(first[0].notification_id, 5)]
    assert more[0].last_at == later
    # Another conversation is another one, and so is the next burst.
    assert note([message("CW2", 50)], choices, more, later)[0].notification_id != first[0].notification_id
    after = NOW + timedelta(seconds=60)
    assert [each.events for each in note([message(seconds=60)], choices, more, after)] == [1]


def test_a_backfill_tells_nobody() -> None:
    old = Happening("message", "CW1", NOW - timedelta(days=1, seconds=1))
    assert note([old], {"ana": NotificationChoice()}, [], NOW) == []


def noted(number: int = 1, kind: str = "message", at: datetime = NOW, **changes: Any) -> Notification:
    return Notification(f"n{number}", "ana", kind, f"CW{number}", 1, at, at, at, **changes)


def test_what_was_answered_or_resolved_is_not_told() -> None:
    unread = [noted(1), noted(2), noted(3, "mention"), noted(4, "assigned")]
    answered = {"CW1": NOW + timedelta(seconds=1), "CW2": NOW - timedelta(seconds=1), "CW3": NOW, "CW4": NOW}
    assert still_waiting(unread, answered) == unread[1:]


@pytest.mark.parametrize(
    ("line", "moment", "quiet"),
    [
        # Europe/Berlin goes from 02:00 to 03:00 on 29 March 2026 and from 03:00 back to 02:00 on 25 October.
        ("22:00-07:00", "2026-03-28T20:59", False),
        ("22:00-07:00", "2026-03-28T21:00", True),
        ("22:00-07:00", "2026-03-29T04:59", True),
        ("22:00-07:00", "2026-03-29T05:00", False),
        ("02:00-03:00", "2026-03-29T00:59", False),
        ("02:00-03:00", "2026-03-29T01:00", False),
        ("01:30-02:30", "2026-03-29T00:45", True),
        ("01:30-02:30", "2026-03-29T01:00", False),
        ("22:00-07:00", "2026-10-25T05:59", True),
        ("22:00-07:00", "2026-10-25T06:00", False),
        ("02:00-03:00", "2026-10-25T00:30", True),
        ("02:00-03:00", "2026-10-25T01:30", True),
        ("02:00-03:00", "2026-10-25T02:00", False),
        # Days: 26 September 2026 is a Saturday. A time over midnight belongs to the day on which it begins.
        ("Sat-Sun 00:00-24:00", "2026-09-25T21:59", False),
        ("Sat-Sun 00:00-24:00", "2026-09-25T22:00", True),
        ("Sat-Sun 00:00-24:00", "2026-09-27T21:59", True),
        ("Sat-Sun 00:00-24:00", "2026-09-27T22:00", False),
        ("Fri 18:00-08:00", "2026-09-26T05:59", True),
        ("Fri 18:00-08:00", "2026-09-26T06:00", False),
        ("Fri 18:00-08:00", "2026-09-25T05:00", False),
        ("Sat-Mon 00:00-24:00", "2026-09-28T10:00", True),
        ("Sat-Mon 00:00-24:00", "2026-09-29T10:00", False),
    ],
)
def test_quiet_times_by_the_clock_of_the_person(line: str, moment: str, quiet: bool) -> None:
    assert is_quiet([line], BERLIN, utc(moment)) is quiet


@pytest.mark.parametrize(
    ("pace", "zone", "noted_at", "due"),
    [
        ("15m", "UTC", "2026-09-30T12:00", "2026-09-30T12:15"),
        ("15m", "UTC", "2026-09-30T12:14:59", "2026-09-30T12:15"),
        ("1h", "UTC", "2026-09-30T12:00", "2026-09-30T13:00"),
        ("1h", "Asia/Kathmandu", "2026-09-30T12:00", "2026-09-30T12:15"),
        ("08:00", "Europe/Berlin", "2026-09-30T05:59", "2026-09-30T06:00"),
        ("08:00", "Europe/Berlin", "2026-09-30T06:00", "2026-10-01T06:00"),
        ("08:00", "Europe/Berlin", "2026-10-24T06:00", "2026-10-25T07:00"),
        ("08:00", "Europe/Berlin", "2026-03-28T07:00", "2026-03-29T06:00"),
        # 02:30 is not there on 29 March, and comes twice on 25 October.
        ("02:30", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:30"),
        ("02:30", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("02:30", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_when_a_digest_is_due(pace: str, zone: str, noted_at: str, due: str) -> None:
    assert digest_due_at(pace, utc(noted_at), ZoneInfo(zone)) == utc(due)


MAIL = NotificationChoice(mail="now", mail_to="ana@example.com")


def told(number: int, outcome: str, at: datetime, attempt: int = 1) -> NotificationDelivery:
    return NotificationDelivery(
        f"d{number}", f"k{number}", f"n{number}", "ana", "mail", attempt, at, at, outcome
    )


def ids(notices: list[DueNotice]) -> list[tuple[str, str, list[str]]]:
    return [(each.way, each.why, [one.notification_id for one in each.notifications]) for each in notices]


def due(choice: NotificationChoice, waiting: list[Notification], seconds: float, **more: Any) -> Any:
    now = NOW + timedelta(seconds=seconds)
    return ids(due_notices(choice, waiting, more.get("told", []), now, more.get("per_hour", 20)))


def test_a_message_waits_for_its_burst_and_the_rest_does_not() -> None:
    waiting = [noted(1), noted(2, "mention"), noted(3, "assigned")]
    assert due(MAIL, waiting, 0) == [("mail", "", ["n2"]), ("mail", "", ["n3"])]
    assert due(MAIL, waiting, 59.9) == due(MAIL, waiting, 0)
    assert due(MAIL, waiting[:1], 60) == [("mail", "", ["n1"])]
    assert due(NotificationChoice(), waiting, 60) == []


def test_what_comes_in_a_quiet_time_is_one_summary_after_it() -> None:
    choice = NotificationChoice(mail="now", quiet=("11:00-13:00",), urgent=("mention",))
    waiting = [noted(1), noted(2), noted(3, "mention"), noted(4, at=NOW + timedelta(hours=1))]
    assert due(choice, waiting[:3], 120) == [("mail", "", ["n3"])]
    told_mention = [told(3, "delivered", NOW)]
    assert due(choice, waiting, 3599, told=told_mention) == []
    assert due(choice, waiting, 3660, told=told_mention) == [
        ("mail", "quiet", ["n1", "n2"]),
        ("mail", "", ["n4"]),
    ]


def test_a_digest_gathers_and_waits_for_its_time() -> None:
    choice = NotificationChoice(mail="15m", apprise="1h")
    waiting = [
        noted(1),
        noted(2, "mention", NOW + timedelta(minutes=10)),
        noted(3, at=NOW + timedelta(minutes=16)),
    ]
    assert due(choice, waiting, 899) == []
    assert due(choice, waiting, 15 * 60) == [("mail", "digest", ["n1", "n2"])]
    sent = [told(1, "delivered", NOW), told(2, "delivered", NOW)]
    assert due(choice, waiting, 3600, told=sent) == [
        ("mail", "digest", ["n3"]),
        ("apprise", "digest", ["n1", "n2", "n3"]),
    ]


def test_more_than_the_cap_of_an_hour_is_held_back_and_told_as_one() -> None:
    waiting = [noted(number) for number in range(1, 7)]
    assert due(MAIL, waiting, 60, per_hour=3) == [
        ("mail", "", ["n1"]),
        ("mail", "", ["n2"]),
        ("mail", "cap", ["n3", "n4", "n5", "n6"]),
    ]
    full = [told(number, "delivered", NOW) for number in (11, 12, 13)]
    assert due(MAIL, waiting, 3599, per_hour=3, told=full) == []
    assert due(MAIL, waiting, 3601, per_hour=1, told=full) == [
        ("mail", "cap", ["n1", "n2", "n3", "n4", "n5", "n6"])
    ]


@pytest.mark.parametrize(
    ("outcome", "minutes", "attempts"),
    [
        ("failed", 0.9, []),
        ("failed", 1, [2]),
        ("delivered", 60, []),
        ("unknown", 60, []),
        ("claimed", 60, []),
    ],
)
def test_only_what_certainly_did_not_arrive_is_tried_again(
    outcome: str, minutes: float, attempts: list[int]
) -> None:
    at = NOW + timedelta(minutes=1)
    notices = due_notices(MAIL, [noted()], [told(1, outcome, at)], at + timedelta(minutes=minutes), 20)
    assert [notice.attempt for notice in notices] == attempts


def test_what_came_before_a_way_was_switched_on_is_not_told_on_it() -> None:
    choice = NotificationChoice(mail="now", mail_since=(NOW + timedelta(seconds=1)).isoformat())
    assert due(choice, [noted(1), noted(2, at=NOW + timedelta(seconds=2))], 120) == [("mail", "", ["n2"])]


@pytest.mark.parametrize(
    ("choice", "told_before", "seconds", "next_seconds"),
    [
        ({"mail": "now"}, [], 10, 60),
        ({"mail": "now"}, [], 61, 121),
        ({"mail": "15m", "apprise": "1h"}, [], 0, 900),
        ({"mail": "now"}, [("failed", 1)], 61, 120),
        ({"mail": "now"}, [("delivered", 1)], 61, None),
        ({"mail": "now"}, [("failed", 6)], 61, None),
        ({"mail": "off"}, [], 0, None),
    ],
)
def test_when_to_look_again(
    choice: dict[str, Any],
    told_before: list[tuple[str, int]],
    seconds: float,
    next_seconds: float | None,
) -> None:
    at = NOW + timedelta(minutes=1)
    earlier = [told(1, outcome, at, attempt) for outcome, attempt in told_before]
    moment = next_look_at(NotificationChoice(**choice), [noted()], earlier, NOW + timedelta(seconds=seconds))
    assert (moment and (moment - NOW).total_seconds()) == next_seconds
