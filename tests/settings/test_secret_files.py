"""Secrets in files, as container engines and systemd hand them over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.settings.homes import load, read, refusal

SID = "AC" + "1" * 32
TOKEN = "0123456789abcdef" * 2


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_secret_of_a_file_is_that_of_the_variable(home: Path, tmp_path: Path) -> None:
    token, password = tmp_path / "token", tmp_path / "password"
    token.write_text(TOKEN + "\n")
    password.write_text("p w\n")
    variables = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN_FILE": str(token)}
    settings = load(home, WORKBENCH_SMTP_PASSWORD_FILE=str(password), **variables)
    assert settings.credentials.basic_auth == (SID, TOKEN)
    assert settings.smtp.password is not None
    assert settings.smtp.password.reveal() == "p w"
    assert "TWILIO_AUTH_TOKEN_FILE" in read(home, **variables).sources.values()


@pytest.mark.parametrize(
    ("content", "also", "named"),
    [
        (None, {}, "TWILIO_AUTH_TOKEN_FILE names PATH, which cannot be read (No such file or directory)"),
        (b" \n", {}, "TWILIO_AUTH_TOKEN_FILE names PATH, which is empty"),
        (b"\xff\xfe", {}, "cannot be read (it is no text)"),
        (
            TOKEN.encode(),
            {"TWILIO_AUTH_TOKEN": TOKEN},
            "TWILIO_AUTH_TOKEN and TWILIO_AUTH_TOKEN_FILE are both set",
        ),
    ],
)
def test_a_file_that_gives_no_secret_is_named(
    home: Path, tmp_path: Path, content: bytes | None, also: dict[str, str], named: str
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    said = refusal(home, TWILIO_ACCOUNT_SID=SID, TWILIO_AUTH_TOKEN_FILE=str(path), **also)
    assert named.replace("PATH", str(path)) in said
    assert TOKEN not in said


def test_only_a_secret_may_come_from_a_file(home: Path) -> None:
    said = refusal(home, WORKBENCH_TIMEZONE_FILE="/run/secrets/zone")
    assert re.match("The environment variable WORKBENCH_TIMEZONE_FILE is set and no setting reads it", said)
