"""Sending a report, to a real mail server on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.mail_inbox import Inbox
from tests.ports import free_port
from workbench.errors import ConfigError, UsageError, WorkbenchError
from workbench.lake import Lake
from workbench.reports.mail import MailUnavailable, mail_settings, send_report, send_text
from workbench.reports.manifest import build_manifest
from workbench.settings import Settings, load_settings

PASSWORD = "correct horse"
TO = ["ann@example.com", "bob@example.org"]


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    is_right = data == LoginPassword(b"reports", PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    options: dict[str, Any] = {"authenticator": _authenticate, "auth_require_tls": False}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    yield controller
    controller.stop()


def smtp(home: Path, port: int, more: str = "", password: str = "") -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    (home / "workbench.toml").write_text(
        f'[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "reports@example.com"\n{more}'
    )
    return load_settings({"WORKBENCH_HOME": str(home), "WORKBENCH_SMTP_PASSWORD": password})


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A small report that was made."""
    files = [tmp_path / "cost.html", tmp_path / "cost.pdf"]
    for file in files:
        file.write_bytes(b"%PDF-1.7 of " + file.name.encode())
    record = {
        "as_of": "2026-10-01T08:00:00+00:00",
        "problems": [{"kind": "stale", "text": "It is old."}],
        "queries": [],
    }
    content = build_manifest(
        report="cost", title="Messaging cost · September 2026", label="", parameters={}, record=record,
        notebook=files[0], files=files,
    )  # fmt: skip
    path = tmp_path / "cost.manifest.json"
    path.write_text(json.dumps(content))
    return path


def test_attachments_arrive_whole(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    settings = smtp(home, server.port)
    assert send_report(settings, lake, manifest, TO, formats=["pdf", "html"]) == TO
    assert inbox.envelopes[0].rcpt_tos == TO
    parts = {part.get_filename(): part for part in inbox.only().walk() if part.get_filename()}
    assert {name: part.get_content_type() for name, part in parts.items()} == {
        "cost.pdf": "application/pdf", "cost.html": "text/html",
    }  # fmt: skip
    assert parts["cost.pdf"].get_payload(decode=True) == b"%PDF-1.7 of cost.pdf"
    body = next(part for part in inbox.only().walk() if part.get_content_type() == "text/plain")
    text = body.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert text.endswith(b"Read this before the numbers:\r\n- It is old.\r\n")


def test_sending_is_noted_with_masked_addresses(
    home: Path, lake: Lake, server: Controller, manifest: Path
) -> None:
    send_report(smtp(home, server.port), lake, manifest, TO, formats=["pdf"])
    [(action, subject, detail)] = lake.rows("select action, subject, detail from audit_events")
    assert (action, subject) == ("report-send", "Messaging cost · September 2026")
    assert json.loads(detail) == {
        "report": "cost", "files": ["cost.pdf"], "link": False,
        "to": ["a***@example.com", "b***@example.org"],
    }  # fmt: skip


def test_a_link_attaches_nothing(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    settings = smtp(home, server.port)
    link = "https://files.example.com/reports/"
    send_report(settings, lake, manifest, TO[:1], formats=["pdf"], link=link)
    assert not inbox.only().is_multipart()
    assert "https://files.example.com/reports/cost.pdf" in str(inbox.only().get_payload())


def test_it_signs_in_with_the_password_of_the_environment(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    settings = smtp(home, server.port, 'user = "reports"\n', password=PASSWORD)
    send_report(settings, lake, manifest, TO, formats=["pdf"])
    assert len(inbox.envelopes) == 1
    wrong = smtp(home, server.port, 'user = "reports"\n', password="wrong one")
    with pytest.raises(ConfigError, match="does not accept") as raised:
        send_report(wrong, lake, manifest, TO, formats=["pdf"])
    assert "wrong one" not in str(raised.value)
    without = smtp(home, server.port, 'user = "reports"\n')
    with pytest.raises(ConfigError, match="WORKBENCH_SMTP_PASSWORD is not set"):
        send_report(without, lake, manifest, TO, formats=["pdf"])


def test_an_altered_file_is_not_sent(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    (manifest.parent / "cost.pdf").write_bytes(b"%PDF-1.7 of other numbers")
    with pytest.raises(UsageError, match="was altered after the report was made"):
        send_report(smtp(home, server.port), lake, manifest, TO, formats=["pdf"])
    assert inbox.envelopes == []


@pytest.mark.parametrize(
    ("to", "formats", "link", "said"),
    [
        ([], ["pdf"], None, "Nobody to send it to"),
        (["ann"], ["pdf"], None, "'ann' is not a mail address"),
        (["ann@example.com\nBcc: all@example.com"], ["pdf"], None, "is not a mail address"),
        (TO, ["ipynb"], None, "has no ipynb file; it has html, pdf"),
        (TO, ["pdf"], "files.example.com", "--link is 'files.example.com'"),
    ],
)
def test_wrong_use_is_refused(
    home: Path, lake: Lake, manifest: Path, to: list[str], formats: list[str], link: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        send_report(smtp(home, 2525), lake, manifest, to, formats=formats, link=link)
    assert lake.rows("select * from audit_events") == []


def test_refusals_are_told_apart(home: Path, lake: Lake, server: Controller, manifest: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"refused gone@example\.com") as raised:
        send_report(smtp(home, server.port), lake, manifest, ["gone@example.com"], formats=["pdf"])
    assert raised.value.exit_code == 1
    assert lake.rows("select * from audit_events") == []
    with pytest.raises(MailUnavailable, match="cannot be reached") as unavailable:
        send_report(smtp(home, free_port()), lake, manifest, TO, formats=["pdf"])
    assert unavailable.value.exit_code == 3


@pytest.mark.parametrize("goodbye", [b"250 OK\r\n", b"421 going down\r\n", b"", b"nonsense\r\n"])
def test_how_the_server_says_goodbye_does_not_matter(home: Path, goodbye: bytes) -> None:
    taken: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 ready\r\n")
            while line := lines.readline():
                word = line[:4].upper().strip()
                if word == b"DATA":
                    lines.write(b"354 go on\r\n")
                    taken.append(b"".join(iter(lines.readline, b".\r\n")))
                lines.write(goodbye if word == b"QUIT" else b"250 OK\r\n")
                if word == b"QUIT":
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        settings = smtp(home, listener.getsockname()[1])
        assert send_text(settings, TO, "Subject", "text") == []
        thread.join(10)
    assert len(taken) == 1


def test_one_refused_address_is_said_and_the_others_noted(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    settings = smtp(home, server.port)
    with pytest.raises(WorkbenchError, match=r"refused gone@example\.com; it was sent to the others"):
        send_report(settings, lake, manifest, [TO[0], "gone@example.com"], formats=["pdf"])
    assert inbox.envelopes[0].rcpt_tos == [TO[0]]
    assert json.loads(lake.value("select detail from audit_events"))["to"] == ["a***@example.com"]


def test_a_server_without_encryption_is_not_trusted(
    home: Path, lake: Lake, server: Controller, inbox: Inbox, manifest: Path
) -> None:
    settings = smtp(home, server.port)
    text = (home / "workbench.toml").read_text().replace('"none"', '"starttls"')
    (home / "workbench.toml").write_text(text)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with pytest.raises(ConfigError, match="offers no encryption"):
        send_report(settings, lake, manifest, TO, formats=["pdf"])
    assert inbox.envelopes == []


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "Mail needs a server"),
        ('host = "mail.example.com"\nfrom = "a@example.com"\nsecurity = "none"', "in the clear"),
        (
            'host = "mail.example.com"\nfrom = "a@example.com"\nsecurity = "ssl"',
            "is 'ssl'; it can be",
        ),
        ('host = "mail.example.com"\nfrom = "a@example.com"\nport = "25"', "port is '25'"),
        (
            'host = "mail.example.com"\nfrom = "a@example.com"\nhots = "x"',
            "'hots'. Did you mean 'host'",
        ),
    ],
)
def test_settings_are_checked(home: Path, toml: str, said: str) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text(f"[smtp]\n{toml}\n")
    with pytest.raises(ConfigError, match=said):
        mail_settings(load_settings({"WORKBENCH_HOME": str(home)}))
