"""Views that are mailed: to a real mail server, each once, also where a process is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
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
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings
from workbench.views.subscription import Subscription, read_subscription_text, subscription_text

SATURDAY, MONDAY = datetime(2025, 3, 15, 9, tzinfo=UTC), datetime(2025, 3, 17, 9, tzinfo=UTC)
NEXT_MONDAY = datetime(2025, 3, 24, 9, tzinfo=UTC)
AGENT = Actor("ben@example.com", "agent")
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
    for path in (known_home / "subscriptions").glob("*"):
        path.unlink()


def weekly(wb: Workbench, name: str, to: str = "ann@example.com") -> Subscription:
    made = Subscription(name, "delivery", "week", (to,), "local:ops", SATURDAY.date())
    folder = wb.settings.home / "subscriptions"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(subscription_text(made))
    return made


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
    assert mail_due_views(wb._installation, now=MONDAY) == 1
    assert len(inbox.envelopes) == 1


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
