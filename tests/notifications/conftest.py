"""A desk of three people on a real lake, a mail server and a webhook on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.alerts.conftest import Receiver
from tests.conversations.known import ANA, DESK, save_known
from tests.lakes import begin_lake
from tests.mail_inbox import Inbox
from tests.messages import payload
from tests.ports import free_port
from workbench.conversations.events import ConversationEvent, save_event
from workbench.conversations.find import find_conversation
from workbench.files import write_whole
from workbench.lake import Lake
from workbench.lake.feed import append_feed
from workbench.lake.quoting import identifier
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.notifications.change import change_choice
from workbench.notifications.run import NotificationRun, look
from workbench.server.access.users import Users
from workbench.settings import Settings, load_settings

PASSWORD = "correct horse battery"
URL = "https://desk.example.com"
_numbers = count(900)


class DeskOfThree:
    """An installation where ana and ben are agents and vic is a viewer; all that they choose goes by mail."""

    def __init__(self, settings: Settings, lake: Lake, mailbox: Inbox, receiver: Receiver) -> None:
        self.settings, self.lake, self.mailbox, self.receiver = settings, lake, mailbox, receiver

    def choose(self, person: str, **changes: object) -> None:
        change_choice(self.lake, self.settings, person, changes)

    def write(self, text: str = "Where is it?", contact: str = ANA, *, is_ours: bool = False) -> datetime:
        """A message that comes in now, or an answer that goes out."""
        now = datetime.now(UTC)
        dates = {"date_created": now, "date_sent": now, "date_updated": now}
        ours = {"from": DESK, "to": contact}
        theirs = {"from": contact, "to": DESK, "direction": "inbound", "status": "received"}
        row = message_row(payload(next(_numbers), **{**dates, **(ours if is_ours else theirs), "body": text}))
        self.lake.write(
            lambda cursor: save_messages(cursor, message_table([row]), source="webhook", received_at=now)
        )
        return now

    def decide(self, decision: ConversationEvent, contact: str = ANA) -> None:
        save_event(self.lake, find_conversation(self.lake, contact, our_side=DESK), decision)

    def look(self, now: datetime) -> NotificationRun:
        append_feed(self.lake, now)
        return look(self.lake, self.settings, now)

    def forget(self, users: bytes) -> None:
        """As it was at the beginning, but for the messages."""
        tables = ("notifications", "notification_deliveries", "notification_choices", "conversation_events")

        def clear(cursor: Any) -> None:
            for table in tables:
                cursor.execute(f"delete from {identifier(table)}")

        self.lake.write(clear)
        home = self.settings.home
        self.settings = write_home(home, self.settings.smtp.port or 0)
        write_whole(home / "users.toml", users)
        write_whole(home / "notification_targets.toml", "")
        self.mailbox.envelopes.clear()
        self.receiver.received.clear()
        self.receiver.answers.clear()
        self.look(datetime.now(UTC))

    @property
    def mails(self) -> list[tuple[str, str]]:
        """To whom each mail went, and all of it as it went over the line."""
        return [(each.rcpt_tos[0], _text(each.content)) for each in self.mailbox.envelopes]


def _text(content: bytes | str | None) -> str:
    return content.decode() if isinstance(content, bytes) else content or ""


def write_home(home: Path, port: int, more: str = "") -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    (home / "workbench.toml").write_text(
        f'[access]\nmethod = "password"\nurl = "{URL}"\n'
        '[access.teams]\nfloor = ["ana", "vic"]\n'
        f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "desk@example.com"\n{more}'
    )
    return load_settings({"WORKBENCH_HOME": str(home)})


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def mail_server() -> Iterator[tuple[Inbox, int]]:
    mailbox = Inbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield mailbox, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def users_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("users")
    users = Users(folder)
    for name, role in (("ana", "agent"), ("ben", "agent"), ("vic", "viewer")):
        users.add(name, role, PASSWORD)
    return users.path.read_bytes()


@pytest.fixture(scope="module")
def begun(
    tmp_path_factory: pytest.TempPathFactory, mail_server: tuple[Inbox, int], receiver: Receiver
) -> Iterator[DeskOfThree]:
    mailbox, port = mail_server
    settings = write_home(tmp_path_factory.mktemp("desk") / "home", port)
    with begin_lake(settings) as lake:
        save_known(lake)
        yield DeskOfThree(settings, lake, mailbox, receiver)


@pytest.fixture
def desk(begun: DeskOfThree, users_file: bytes) -> DeskOfThree:
    begun.forget(users_file)
    return begun
