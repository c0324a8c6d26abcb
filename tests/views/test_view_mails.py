"""Views that are mailed: to a real mail server, each once, also where a process is killed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from tests.lakes import begin_lake
from tests.mail_inbox import Inbox
from tests.ports import free_port
from tests.ui.known import AMERICAN, GERMAN, WEEK, known_messages, save
from workbench import UnknownName, UsageError, Workbench
from workbench.api.view_mails import ViewMailFailed, mail_due_views
from workbench.errors import ConfigError, NotAllowed
from workbench.roles import Actor, acting_as, local_actor
from workbench.settings import load_settings
from workbench.views.subscription import Subscription, read_subscription_text, subscription_text
from workbench.views.subscription_files import subscribe
from workbench.views.view_files import save_view

SATURDAY, MONDAY = datetime(2025, 3, 15, 9, tzinfo=UTC), datetime(2025, 3, 17, 9, tzinfo=UTC)
TUESDAY, NEXT_MONDAY = datetime(2025, 3, 18, 9, tzinfo=UTC), datetime(2025, 3, 24, 9, tzinfo=UTC)
AGENT = Actor("ben@example.com", "agent")
APRIL = datetime(2025, 4, 1, 9, tzinfo=UTC)
QUERY = f"{WEEK}&metric=delivery_rate&metric=spend&by=sender&grain=none&direction=all"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def known_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("mails") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
    return home


@pytest.fixture
def wb(known_home: Path, inbox: Inbox) -> Iterator[Workbench]:
    """An installation with a mail server, one view and its weekly mail, as of Saturday 15 March."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    (known_home / "workbench.toml").write_text(
        f'[smtp]\nhost = "127.0.0.1"\nport = {controller.port}\nsecurity = "none"\n'
        'from = "reports@example.com"\nto = ["ops@example.com"]\n'
    )
    with Workbench(load_settings({"WORKBENCH_HOME": str(known_home)})) as workbench:
        workbench.views.save(f"explore?{QUERY}", title="Delivery <b>by</b> sender", name="delivery")
        yield workbench
    controller.stop()
    for path in (*known_home.glob("subscriptions/*"), *known_home.glob("views/*.toml")):
        path.unlink()
    (known_home / "users.toml").unlink(missing_ok=True)


def weekly(wb: Workbench, name: str, to: str = "ann@example.com") -> Subscription:
    return keep(wb, name, to)


def keep(
    wb: Workbench,
    name: str,
    to: str = "ann@example.com",
    *,
    view: str = "delivery",
    every: str = "week",
    owner: str | None = None,
) -> Subscription:
    """A subscription as of Saturday, by default of the person at this machine."""
    made = Subscription(name, view, every, (to,), owner or local_actor(), SATURDAY.date())
    folder = wb.settings.home / "subscriptions"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(subscription_text(made))
    return made


@contextmanager
def signed_in(wb: Workbench, roles: dict[str, str], known: str) -> Iterator[Workbench]:
    """The same installation where these people sign in, and reports go to the known address."""
    home = wb.settings.home
    (home / "users.toml").write_text(
        "".join(f'["{name}"]\nrole = "{role}"\n' for name, role in roles.items())
    )
    text = (home / "workbench.toml").read_text().partition("[access]")[0]
    text = re.sub(r"(?m)^to = .*$", f'to = ["{known}"]', text)
    access = '[access]\nmethod = "password"\nurl = "http://127.0.0.1:5006"\n'
    (home / "workbench.toml").write_text(text + access)
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as workbench:
        yield workbench


def mails(inbox: Inbox) -> list[EmailMessage]:
    return [
        message_from_bytes(bytes(each.content or b""), policy=policy.default)  # type: ignore[arg-type]
        for each in inbox.envelopes
    ]


@pytest.mark.parametrize(
    ("every", "today", "due"),
    [
        ("day", date(2025, 3, 15), None),
        ("day", date(2025, 3, 16), date(2025, 3, 16)),
        ("week", date(2025, 3, 16), None),
        ("week", date(2025, 3, 17), date(2025, 3, 17)),
        ("week", date(2025, 3, 23), date(2025, 3, 17)),
        ("month", date(2025, 3, 31), None),
        ("month", date(2025, 4, 1), date(2025, 4, 1)),
        ("month", date(2025, 5, 20), date(2025, 5, 1)),
    ],
)
def test_the_first_mail_is_of_the_period_that_begins_next(every: str, today: date, due: date | None) -> None:
    made = Subscription("mine", "delivery", every, ("a@b.cd",), "user:ana", SATURDAY.date())
    assert made.due_day(today) == due


def test_a_view_is_mailed_once_a_week_with_picture_numbers_and_file(wb: Workbench, inbox: Inbox) -> None:
    weekly(wb, "once")
    installation = wb._installation
    assert mail_due_views(installation, now=SATURDAY) == 0
    assert mail_due_views(installation, now=MONDAY) == 1
    assert mail_due_views(installation, now=MONDAY) == 0
    [mail] = mails(inbox)
    assert mail["Subject"] == "Delivery <b>by</b> sender, weekly: 3 Mar – 9 Mar 2025"
    parts = {part.get_content_type(): part for part in mail.walk()}
    text = parts["text/plain"].get_content()
    assert "As of: " in text
    assert "of 63 final, 4 in flight" in text
    assert "75.5 % (of 53)" in text  # 40 of 53
    assert "– (only 10)" in text
    html = parts["text/html"].get_content()
    assert "Delivery &lt;b&gt;by&lt;/b&gt; sender" in html
    assert "<b>" not in html
    assert html.count('src="cid:picture-') == 2
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == ["<picture-0>", "<picture-1>"]
    assert all(part.get_content().startswith(b"\x89PNG") for part in pictures)
    file = parts["text/csv"].get_content()
    assert parts["text/csv"].get_filename() == "delivery-2025-03-17.csv"
    assert "0.7547" in file
    assert not any(person in text + html + file for person in (AMERICAN, GERMAN))
    assert mail_due_views(installation, now=NEXT_MONDAY) == 1
    listed = wb.views.subscriptions().set_index("name").loc["once"]
    assert (listed["last_mail"], listed["outcome"]) == (date(2025, 3, 24), "sent")


def test_a_mail_that_the_server_did_not_take_is_tried_again(wb: Workbench, inbox: Inbox) -> None:
    made = weekly(wb, "refused", "gone@example.com")
    with pytest.raises(
        ViewMailFailed, match=r"1 views could not be mailed\. refused: .* refused gone@example"
    ):
        mail_due_views(wb._installation, now=MONDAY)
    assert wb.views.subscriptions().set_index("name").loc["refused", "outcome"] == "failed"
    weekly(wb, made.name)
    assert mail_due_views(wb._installation, now=TUESDAY) == 1
    assert len(inbox.envelopes) == 1


@pytest.mark.parametrize(
    ("every", "now", "promise"),
    [
        ("day", MONDAY, "only if the reports run once more today: `workbench schedule run reports`."),
        ("week", MONDAY, "The next run of the reports in this week tries it again."),
        ("month", APRIL, "The next run of the reports in this month tries it again."),
    ],
)  # fmt: skip
def test_a_failure_says_when_it_is_tried_again(
    wb: Workbench, inbox: Inbox, every: str, now: datetime, promise: str
) -> None:
    keep(wb, f"refused-{every}", "gone@example.com", every=every)
    with pytest.raises(ViewMailFailed) as failure:
        mail_due_views(wb._installation, now=now)
    assert str(failure.value).endswith(promise)
    keep(wb, f"refused-{every}", every=every)
    # A day later is the same week and month, but another day, of which the mail is another.
    mail_due_views(wb._installation, now=now + timedelta(days=1))
    last = {"day": date(2025, 3, 18), "week": date(2025, 3, 17), "month": date(2025, 4, 1)}[every]
    listed = wb.views.subscriptions().set_index("name").loc[f"refused-{every}"]
    assert (listed["last_mail"], listed["outcome"]) == (last, "sent")
    assert len(inbox.envelopes) == 1


def test_a_day_that_comes_once_more_is_not_mailed_twice(wb: Workbench, inbox: Inbox) -> None:
    keep(wb, "west", every="day")
    monday_in_the_east = datetime(2025, 3, 16, 15, tzinfo=UTC)
    wb.views.save(f"explore?{QUERY}&timezone=Asia/Tokyo", title="Delivery", name="delivery")
    assert mail_due_views(wb._installation, now=monday_in_the_east) == 1
    wb.views.save(f"explore?{QUERY}&timezone=America/New_York", title="Delivery", name="delivery")
    assert mail_due_views(wb._installation, now=monday_in_the_east) == 0
    assert len(inbox.envelopes) == 1


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("Pacific/Auckland", datetime(2025, 3, 16, 15, tzinfo=UTC), True),  # Monday there, Sunday in UTC
        ("America/New_York", datetime(2025, 3, 17, 2, tzinfo=UTC), False),  # Sunday there, Monday in UTC
        ("Nowhere/Land", datetime(2025, 3, 17, 2, tzinfo=UTC), True),
    ],
)
def test_the_week_begins_in_the_time_zone_of_the_view(
    wb: Workbench, inbox: Inbox, zone: str, now: datetime, due: bool
) -> None:
    query = f"metric=spend&period=last_week&grain=none&timezone={zone}"
    wb.views.save(f"explore?{query}", title="Spend", name="spend")
    keep(wb, f"zone-{zone[:3].lower()}", view="spend")
    assert mail_due_views(wb._installation, now=now) == due
    assert len(inbox.envelopes) == due


def test_the_first_day_is_that_of_the_views_time_zone(home: Path) -> None:
    with acting_as(AGENT):
        save_view(home, {"timezone": ["Asia/Tokyo"]}, title="There")
        save_view(home, {"timezone": ["Nowhere"]}, title="Here")
        made = [
            subscribe(
                home,
                view,
                "day",
                ["ben@example.com"],
                known=[],
                timezone="America/New_York",
                now=datetime(2025, 3, 16, 2, tzinfo=UTC),
            )
            for view in ("there", "here")
        ]
    assert [each.since for each in made] == [date(2025, 3, 16), date(2025, 3, 15)]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from workbench import Workbench
from workbench.api.view_mails import mail_due_views
kill = lambda subscription: os.kill(os.getpid(), signal.SIGKILL)
mail_due_views(Workbench()._installation, now=datetime(2025, 3, 17, 9, tzinfo=UTC), on_claim=kill)
"""


def test_a_process_that_is_killed_mails_nothing_twice(wb: Workbench, inbox: Inbox) -> None:
    weekly(wb, "killed")
    environment = {**os.environ, "WORKBENCH_HOME": str(wb.settings.home)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, timeout=120)
    assert done.returncode == -9
    assert mail_due_views(wb._installation, now=MONDAY) == 0
    assert inbox.envelopes == []
    assert wb.views.subscriptions().set_index("name").loc["killed", "outcome"] == "unknown"
    assert mail_due_views(wb._installation, now=NEXT_MONDAY) == 1


def test_one_that_cannot_be_mailed_keeps_no_other_from_it(wb: Workbench, inbox: Inbox) -> None:
    weekly(wb, "good")
    (wb.settings.home / "subscriptions" / "broken.toml").write_text("view = 1")
    removed = Subscription("theirs", "delivery", "week", ("b@example.com",), "user:gone", SATURDAY.date())
    (wb.settings.home / "subscriptions" / "theirs.toml").write_text(subscription_text(removed))
    with pytest.raises(ViewMailFailed, match="2 views could not be mailed"):
        mail_due_views(wb._installation, now=MONDAY)
    assert [each.rcpt_tos for each in inbox.envelopes] == [["ann@example.com"]]


def test_a_view_that_cannot_be_read_keeps_no_other_from_it(wb: Workbench, inbox: Inbox) -> None:
    folder = wb.settings.home / "views"
    (folder / "aa-deep.toml").write_text("a = " + "[" * 20_000)
    keep(wb, "aa-deep", view="aa-deep")
    (wb.settings.home / "subscriptions" / "ab-long.toml").write_text("a = " + "9" * 5_000)
    weekly(wb, "well")
    with pytest.raises(ViewMailFailed, match="2 views could not be mailed"):
        mail_due_views(wb._installation, now=MONDAY)
    assert [each.rcpt_tos for each in inbox.envelopes] == [["ann@example.com"]]


@pytest.mark.parametrize(
    ("role", "to", "known", "why"),
    [
        ("viewer", "ops@example.com", "ops@example.com", "the role 'agent', and theirs is 'viewer'"),
        ("agent", "else@example.com", "ops@example.com", "Only an admin may .* to else@example.com"),
        ("agent", "ops@example.com", "new@example.com", "Only an admin may .* to ops@example.com"),
        (None, "ben@example.com", "ops@example.com", "is no user any more"),
    ],
    ids=["role", "address", "settings", "gone"],
)  # fmt: skip
def test_whoever_may_not_have_it_mailed_any_more_gets_none(
    wb: Workbench,
    inbox: Inbox,
    request: pytest.FixtureRequest,
    role: str | None,
    to: str,
    known: str,
    why: str,
) -> None:
    name = f"former-{request.node.callspec.id}"
    wb.views.edit("delivery", shared=True)
    keep(wb, name, to, owner="user:ben@example.com")
    with signed_in(wb, {"ben@example.com": role} if role else {}, known) as today:
        for _ in range(2):
            with pytest.raises(ViewMailFailed, match=why):
                mail_due_views(today._installation, now=MONDAY)
        listed = today.views.subscriptions().set_index("name").loc[name]
        noted = today.sql(f"select 1 from audit_events where subject = '{name}'")
    assert (listed["last_mail"], listed["outcome"], len(noted)) == (MONDAY.date(), "not allowed", 1)
    assert inbox.envelopes == []
    # Who may again gets the mail of the same week.
    with signed_in(wb, {"ben@example.com": "admin"}, known) as today:
        assert mail_due_views(today._installation, now=TUESDAY) == 1


def test_a_view_that_became_private_is_mailed_to_its_owner_only(wb: Workbench, inbox: Inbox) -> None:
    with acting_as(AGENT):
        wb.views.save(f"explore?{QUERY}", title="Ours", name="ours", shared=True)
        weekly_of_ben = wb.views.subscribe("ours", every="week", to="ben@example.com")
        wb.views.edit("ours", shared=False)
    keep(wb, "private-own", "ben@example.com", view="ours", owner=AGENT.actor)
    keep(wb, "private-local", view="ours")
    keep(wb, "private-other", "ops@example.com", view="ours", owner="user:ana")
    wb.views.unsubscribe(weekly_of_ben.name)
    with signed_in(wb, {"ben@example.com": "agent", "ana": "admin"}, "ops@example.com") as today:
        with pytest.raises(ViewMailFailed, match="2 views could not be mailed"):
            mail_due_views(today._installation, now=MONDAY)
        listed = today.views.subscriptions().set_index("name")["outcome"].to_dict()
    assert listed == {"private-own": "sent", "private-local": "not allowed", "private-other": "no view"}
    assert [each.rcpt_tos for each in inbox.envelopes] == [["ben@example.com"]]
    with pytest.raises(NotAllowed, match=r"private to ben@example\.com: only they may have it mailed"):
        wb.views.subscribe("ours", every="week", to="ann@example.com")


def test_who_may_have_a_view_mailed_and_to_whom(wb: Workbench) -> None:
    with pytest.raises(UnknownName, match=r"No view named 'delivry'\. Did you mean 'delivery'"):
        wb.views.subscribe("delivry", every="week", to="ann@example.com")
    with pytest.raises(UsageError, match="'ann' is not a mail address"):
        wb.views.subscribe("delivery", every="week", to=["ann"])
    with pytest.raises(UsageError, match="every is 'hour'; allowed are day, week, month"):
        wb.views.subscribe("delivery", every="hour", to="ann@example.com")
    wb.views.edit("delivery", shared=True)
    with acting_as(Actor("ana", "viewer")), pytest.raises(NotAllowed, match="have a view mailed"):
        wb.views.subscribe("delivery", every="week", to="ops@example.com")
    with acting_as(AGENT):
        with pytest.raises(NotAllowed, match=r"Only an admin may .* else@example"):
            wb.views.subscribe("delivery", every="week", to="else@example.com")
        made = wb.views.subscribe("delivery", every="month", to="ben@example.com,ops@example.com")
        assert (made.name, made.to) == ("delivery-month", ("ben@example.com", "ops@example.com"))
        assert wb.views.subscriptions()["name"].tolist() == ["delivery-month"]
    with acting_as(Actor("ana", "viewer")):
        assert wb.views.subscriptions().empty
        with pytest.raises(UnknownName):
            wb.views.unsubscribe("delivery-month")
    with acting_as(AGENT):
        wb.views.unsubscribe("delivery-month")
        assert wb.views.subscriptions().empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('view = "a"\nevery = "week"\nto = []\nowner = "x"\nsince = 2025-03-15', "There are 0 addresses"),
        ('view = "a"\nevery = "week"\nto = ["a@b.cd"]\nowner = "x"', "since is None; it must be a day"),
        ('view = "a"\nevery = "year"\nto = ["a@b.cd"]\nowner = "x"\nsince = 2025-03-15', "every is 'year'"),
        ('views = "a"', "has 'views'; known are view, every, to, owner, since"),
    ],
)
def test_a_broken_file_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"mine\.toml.*{message}"):
        read_subscription_text("mine", text, "mine.toml")
