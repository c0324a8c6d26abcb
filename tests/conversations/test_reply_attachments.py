"""An answer with pictures, now or later, from the browser's question to what Twilio fetches: sent once."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.conversations.installation import CONTACT, Installation, installed
from tests.server.hooking import hooked
from workbench.api.inbox import open_inbox_session
from workbench.api.installation import Installation as Opened
from workbench.api.jobs import maintain
from workbench.api.reply_files import why_no_attachments
from workbench.browser.inbox_answers import INBOX_ANSWERS
from workbench.browser.schema import check
from workbench.conversations.inbox_session import InboxSession
from workbench.roles import Actor, acting_as
from workbench.server.ports import find_port
from workbench.settings import MEDIA_PATH, load_settings

AGENT, OTHER, VIEWER = Actor("ana", "agent"), Actor("ben", "agent"), Actor("vic", "viewer")
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 3000
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 3000
OFF = "".join(
    f'{job} = "off"\n'
    for job in ("sync", "maintenance", "cancellations", "reconcile", "reports", "retention")
)


@dataclass
class Place:
    """The account, an installation whose hooks run, and the address of the hooks."""

    account: Installation
    opened: Opened
    url: str

    def session(self) -> InboxSession:
        session = open_inbox_session(self.opened)
        ask(session, "open", conversation=self.conversation)
        return session

    @cached_property
    def conversation(self) -> str:
        return self.account.wb.conversation(CONTACT).id

    def fetch(self, file_id: str) -> httpx.Response:
        return httpx.get(f"{self.url}{MEDIA_PATH}/{file_id}", trust_env=False)

    def kept(self) -> list[str]:
        folder = self.account.home / "attachments"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def sent(self) -> list[tuple[str, str]]:
        """Text and attachments of what the account sent to the contact, asked without our client."""
        account = self.account.server.account
        answer = httpx.get(
            f"{self.account.server.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
            params={"To": CONTACT, "PageSize": 100},
            auth=(account.account_sid, account.auth_token),
        )
        return [(row["body"], row["num_media"]) for row in answer.raise_for_status().json()["messages"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with installed(tmp_path_factory.mktemp("attached")) as account:
        (account.home / "workbench.toml").write_text(f"[schedule]\n{OFF}")
        port = find_port("127.0.0.1", 0)
        url = f"http://127.0.0.1:{port}"
        settings = load_settings({**account.environment, "WORKBENCH_PUBLIC_URL": url})
        opened = Opened(settings)
        with hooked(settings, port):
            yield Place(account, opened, url)
        opened.close()


def ask(session: InboxSession, name: str, person: Actor = AGENT, /, **fields: Any) -> Any:
    with acting_as(person):
        answer = session.answer({"id": 7, "ask": name, **fields})
    if "ok" in answer:
        check(INBOX_ANSWERS[name], answer["ok"], f"the answer {name!r}")
    return answer.get("ok", answer.get("error"))


def attach(
    session: InboxSession, place: Place, content: bytes, name: str = "cat.png", kind: str = "image/png",
    part: int = 2000, **fields: Any,
) -> Any:  # fmt: skip
    """Attach a file in parts, as a browser does; the last answer, or the first refusal."""
    answer: Any = None
    for offset in range(0, max(len(content), 1), part):
        data = base64.b64encode(content[offset : offset + part]).decode()
        whole: dict[str, Any] = {"name": name, "type": kind, "size": len(content), "key": "k", **fields}
        answer = ask(session, "attach", conversation=place.conversation, offset=offset, data=data, **whole)
        if isinstance(answer, str):
            return answer
    return answer


def forget(session: InboxSession, place: Place) -> None:
    draft = ask(session, "open", conversation=place.conversation)["draft"]
    for file in draft["files"] if draft else ():
        ask(session, "detach", conversation=place.conversation, file=file["id"])
    ask(session, "draft", conversation=place.conversation, body="", mode="reply", key="k")


@pytest.fixture
def session(place: Place) -> Iterator[InboxSession]:
    """A browser with the conversation open; afterwards no draft is left to the next one."""
    opened = place.session()
    yield opened
    forget(opened, place)


def test_an_answer_with_a_picture_is_fetched_by_twilio_and_sent_once(
    place: Place, session: InboxSession
) -> None:
    attached = attach(session, place, PNG, name="../My cät.png")
    [file] = attached["files"]
    assert (file["name"], file["type"], file["size"], file["image"]) == (
        "My cät.png",
        "image/png",
        3008,
        True,
    )
    assert place.fetch(file["id"]).status_code == 404
    # It is there after a reload, in another browser of the same person, and nobody else's.
    ask(session, "draft", conversation=place.conversation, body="Look", mode="reply", key="k")
    assert ask(place.session(), "open", conversation=place.conversation)["draft"]["files"] == [file]
    shown = ask(place.session(), "reply_file", conversation=place.conversation, file=file["id"])
    assert (shown["image"], base64.b64decode(shown["data"])) == ("image/png", PNG)
    refused = ask(session, "reply_file", OTHER, conversation=place.conversation, file=file["id"])
    assert refused == "An attachment is not there any more: attach it again."
    checked = ask(session, "check", body="Look", files=[file["id"]])
    # No word against the picture.
    assert [reason["text"][:17] for reason in checked["reasons"]] == ["No price is known"]
    message: dict[str, Any] = {
        "body": "Look",
        "key": "k",
        "conversation": place.conversation,
        "confirmed": True,
    }
    before = len(place.sent())
    assert ask(session, "send", **message, files=[file["id"]])["state"] == "sent"
    assert place.sent()[0] == ("Look", "1")
    answer = place.fetch(file["id"])
    assert (answer.status_code, answer.content) == (200, PNG)
    expected = {
        "content-type": "image/png", "x-content-type-options": "nosniff", "cache-control": "no-store",
        "content-disposition": "attachment; filename*=UTF-8''My%20c%C3%A4t.png",
    }  # fmt: skip
    assert {name: answer.headers[name] for name in expected} == expected
    # Attached again it is the same message; with another picture, or without one, it is another.
    again = attach(session, place, PNG)["files"][0]
    assert again["id"] == file["id"]
    assert ask(session, "send", **message, files=[again["id"]])["state"] == "already_sent"
    other = attach(session, place, JPEG, name="dog.jpg", kind="image/jpeg")["files"][-1]
    assert ask(session, "send", **message, files=[other["id"]])["state"] == "sent"
    assert ask(session, "send", **message)["state"] == "sent"
    assert len(place.sent()) == before + 3


@pytest.mark.parametrize(
    ("content", "name", "kind", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(5 * 2**20), "a.png", "image/png",
         "a.png: The attachment has 5,242,888 bytes or more; image/png may have 5,242,880 bytes."),
        (bytes(600_000), "a.mp3", "audio/mpeg",
         "a.mp3: The attachment has 600,000 bytes or more; audio/mpeg may have 512,000 bytes."),
        (b"MZ", "a.exe", "application/x-msdownload",
         "a.exe: The attachment is application/x-msdownload; images, audio, video, PDF, vCard can go."),
        (b"<html>", "a.png", "image/png",
         "a.png: The attachment is of no stated type; images, audio, video, PDF, vCard can go."),
        (b"<svg>", "a.svg", "image/svg+xml",
         "a.svg is image/svg+xml, which few phones show: save it as JPEG or PNG."),
        (b"", "a.png", "image/png", "a.png: The attachment is empty."),
    ],
    ids=["large image", "large audio", "program", "no image", "svg", "empty"],
)  # fmt: skip
def test_what_carriers_do_not_take_is_refused_before_it_is_kept(
    place: Place, content: bytes, name: str, kind: str, problem: str
) -> None:
    before = place.kept()
    assert attach(place.session(), place, content, name, kind, part=250_000) == problem
    assert place.kept() == before


def test_all_attachments_together_have_a_limit_and_a_number(place: Place, session: InboxSession) -> None:
    large = b"\x89PNG\r\n\x1a\n" + bytes(3 * 2**20)
    assert "files" in attach(session, place, large, part=250_000)
    assert attach(session, place, large + b"!", "b.png", part=250_000) == (
        "b.png: The attachments have 6,291,473 bytes together; by MMS they may have 5,242,880 bytes. "
        "Remove one."
    )
    for number in range(9):
        assert "files" in attach(session, place, PNG + bytes([number]), part=9000)
    assert attach(session, place, PNG + b"!") == "10 attachments are allowed; remove one first."
    forget(session, place)
    assert ask(session, "open", conversation=place.conversation)["draft"] is None
    assert place.kept() == [] or all(place.fetch(name).status_code == 200 for name in place.kept())


@pytest.mark.parametrize(
    "wrong",
    [{"offset": 1000}, {"size": 3009}, {"name": "other.png"}, {"data": "%%%"}, {"data": "aa"}],
    ids=str,
)
def test_parts_that_do_not_fit_together_are_refused(
    place: Place, session: InboxSession, wrong: dict[str, Any]
) -> None:
    first: dict[str, Any] = {
        "conversation": place.conversation, "name": "cat.png", "type": "image/png", "size": 3008, "key": "k",
        "offset": 0, "data": base64.b64encode(PNG[:2000]).decode(),
    }  # fmt: skip
    assert ask(session, "attach", **first)["done"] is False
    second = {**first, "offset": 2000, "data": base64.b64encode(PNG[2000:]).decode(), **wrong}
    answer = ask(session, "attach", **second)
    assert answer.endswith("did not come whole: attach it again.")
    assert ask(session, "open", conversation=place.conversation)["draft"] is None


def test_a_waiting_answer_keeps_its_files_through_its_undo(place: Place, session: InboxSession) -> None:
    file = attach(session, place, PNG + b"waits")["files"][0]
    before = place.sent()
    message: dict[str, Any] = {
        "body": "", "key": "k", "conversation": place.conversation, "wait": 30, "files": [file["id"]],
        "confirmed": True,
    }  # fmt: skip
    assert ask(session, "send", **message)["state"] == "queued"
    assert attach(session, place, JPEG) == "An answer to this contact waits to be sent: take it back first."
    assert ask(session, "unsend", conversation=place.conversation)["state"] == "draft"
    assert ask(session, "open", conversation=place.conversation)["draft"]["files"] == [file]
    assert place.fetch(file["id"]).status_code == 404
    assert place.sent() == before
    taken_off = ask(session, "detach", conversation=place.conversation, file=file["id"])
    assert taken_off["files"] == []
    assert file["id"] not in place.kept()
    assert ask(session, "send", **message) == "An attachment is not there any more: attach it again."


def test_nothing_is_sent_whose_picture_cannot_be_fetched(place: Place) -> None:
    """As where `workbench serve` does not run: a message without its picture would reach them."""
    free = find_port("127.0.0.1", 0)
    environ = {**place.account.environment, "WORKBENCH_PUBLIC_URL": f"http://127.0.0.1:{free}"}
    opened = Opened(load_settings(environ))
    session = open_inbox_session(opened)
    ask(session, "open", conversation=place.conversation)
    file = attach(session, place, PNG + b"unreachable")["files"][0]
    before = place.sent()
    message: dict[str, Any] = {
        "body": "Here",
        "key": "k",
        "conversation": place.conversation,
        "confirmed": True,
    }
    answer = ask(session, "send", **message, files=[file["id"]])
    assert answer["state"] == "failed"
    assert answer["text"].startswith("Not sent. The attachment cannot be fetched. 127.0.0.1 does not give")
    assert place.sent() == before
    assert place.fetch(file["id"]).status_code == 404
    # The file is still with the draft; maintenance leaves it there.
    maintain(opened)
    assert file["id"] in place.kept()
    forget(session, place)
    opened.close()


def test_only_agents_attach(place: Place, session: InboxSession) -> None:
    refused = ask(
        session, "attach", VIEWER, conversation=place.conversation, key="k", name="a", type="image/png",
        size=1, offset=0, data="",
    )  # fmt: skip
    assert refused.startswith("vic may not attach a file: that takes the role 'agent'")


def scheduled(session: InboxSession, place: Place) -> list[dict[str, Any]]:
    items = ask(session, "open", conversation=place.conversation)["items"]
    return [item for item in items if item.get("status") in ("Scheduled", "Canceled")]


def test_an_answer_with_a_picture_is_scheduled_once_and_called_off(
    place: Place, session: InboxSession
) -> None:
    offered = ask(session, "check", body="Later")
    assert offered["no_later"] == ""
    assert [choice["text"].partition(",")[0] for choice in offered["later"]] == ["Tomorrow morning"]
    at = offered["later"][0]["at"]
    file = attach(session, place, PNG + b"later")["files"][0]
    message: dict[str, Any] = {
        "body": "Later", "key": "k", "conversation": place.conversation, "at": at, "files": [file["id"]],
        "wait": 10,
    }  # fmt: skip
    assert ask(session, "send", **message)["state"] == "unconfirmed"
    assert scheduled(session, place) == []
    before = len(place.sent())
    states = [ask(session, "send", **message, confirmed=True)["state"] for _ in range(2)]
    assert states == ["scheduled", "already_sent"]
    assert len(place.sent()) == before + 1
    assert place.fetch(file["id"]).status_code == 200
    assert ask(session, "open", conversation=place.conversation)["draft"] is None
    [item] = scheduled(session, place)
    moment = datetime.fromisoformat(at).astimezone(ZoneInfo(place.opened.settings.timezone))
    assert item["scheduled"] == f"{moment:%a %-d %b %Y}, {moment:%H:%M}"
    refused = ask(session, "call_off", VIEWER, message=item["sid"])
    assert refused.startswith("vic may not take an answer back")
    foreign = "SM" + "0" * 32
    answer = ask(session, "call_off", message=foreign)
    assert answer == f"No message of ours in this conversation is {foreign!r}."
    ask(session, "call_off", message=item["sid"])
    assert [(item["status"], item["scheduled"]) for item in scheduled(session, place)] == [("Canceled", "")]


def test_what_cannot_be_sent_then_is_not_scheduled(place: Place, session: InboxSession) -> None:
    before = place.sent()
    night = (datetime.now(UTC) + timedelta(hours=12)).isoformat()
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    message: dict[str, Any] = {
        "body": "Later", "key": "k", "conversation": place.conversation, "confirmed": True,
    }  # fmt: skip
    # It is afternoon there now. At night the end of the quiet hours is offered.
    checked = ask(session, "check", body="Later", at=night)
    assert checked["verdict"] == "block"
    assert checked["later"][0]["text"].startswith("When quiet hours end, ")
    for at, why in ((night, "Quiet hours"), (soon, "is not from 5 minutes to 35 days ahead")):
        answer = ask(session, "send", **message, at=at)
        assert (answer["state"], why in answer["text"]) == ("blocked", True)
    assert ask(session, "send", **message, at="soon").startswith("until is 'soon'")
    assert place.sent() == before


def test_a_sender_without_a_service_says_that_it_cannot_send_later(
    place: Place, session: InboxSession
) -> None:
    place.account.control("inbound", **{"to": "+17135550105", "from": "+12065550177", "body": "Hello?"})
    place.account.wb.sync()
    conversation = place.account.wb.conversation("+12065550177").id
    opened = open_inbox_session(place.opened)
    ask(opened, "open", conversation=conversation)
    assert ask(opened, "check", body="Hi")["no_later"].startswith(
        "This sender cannot send later: Twilio schedules messages of a messaging service only."
    )
    at = (datetime.now(UTC) + timedelta(hours=26)).isoformat()
    answer = ask(opened, "send", conversation=conversation, body="Hi", key="n", at=at, confirmed=True)
    assert answer["state"] == "blocked"
    assert "Only a messaging service can send later" in answer["text"]


REAL = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t" * 32}
SIMULATED = {"WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "To attach files, set public_url (WORKBENCH_PUBLIC_URL): Twilio fetches them from there."),
        (
            {"WORKBENCH_PUBLIC_URL": "http://127.0.0.1:5007"},
            "To attach files, set public_url to a public address: Twilio cannot reach http://127.0.0.1:5007.",
        ),
        (
            {"WORKBENCH_PUBLIC_URL": "https://10.0.0.7"},
            "To attach files, set public_url to a public address: Twilio cannot reach https://10.0.0.7.",
        ),
        ({"WORKBENCH_PUBLIC_URL": "https://sms.example.com"}, ""),
        ({"WORKBENCH_PUBLIC_URL": "http://127.0.0.1:5007", **SIMULATED}, ""),
    ],
)
def test_attachments_need_an_address_that_twilio_reaches(
    tmp_path: Path, environ: dict[str, str], why: str
) -> None:
    assert why_no_attachments(load_settings({"WORKBENCH_HOME": str(tmp_path), **REAL, **environ})) == why
