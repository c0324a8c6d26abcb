"""The commands, each in a process of its own, on a simulated account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conversations.installation import CONTACT, QUESTION, Installation, installed


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("commands")) as installed_home:
        yield installed_home


def run(installation: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        env={**os.environ, **installation.environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_list_read_and_answer(installation: Installation) -> None:
    listed = run(installation, "conversations", "--waiting", "--search", "HYPERLINK", "--json")
    assert listed.returncode == 0, listed.stderr
    assert "Searched among the waiting conversations; --view all searches all of them." in listed.stderr
    (row,) = json.loads(listed.stdout)
    assert (row["state"], row["last"]) == ("open", QUESTION)
    shown = run(installation, "conversation", row["conversation"])
    assert "←" in shown.stdout
    # A text cannot turn the line around, and the number is masked.
    assert "\\u202e" in shown.stdout
    assert CONTACT not in shown.stdout + listed.stdout
    looked = run(installation, "reply", row["conversation"], "--body", "It ships today.")
    assert (looked.returncode, looked.stdout.split(":")[0]) == (0, "unconfirmed")
    assert installation.sent() == []
    sent = run(installation, "reply", CONTACT, "--body", "It ships today.", "--confirm", "--json")
    again = run(installation, "reply", CONTACT, "--body", "It ships today.", "--confirm", "--json")
    assert [json.loads(done.stdout)["state"] for done in (sent, again)] == ["sent", "already_sent"]
    assert (sent.returncode, again.returncode) == (0, 0)
    assert installation.sent() == ["It ships today."]
    # After they wrote again the same words are a new answer.
    installation.ask("and tomorrow?")
    later = run(installation, "reply", CONTACT, "--body", "It ships today.", "--confirm", "--json")
    assert json.loads(later.stdout)["state"] == "sent"
    assert installation.sent() == ["It ships today."] * 2


def test_what_cannot_be_is_one_line(installation: Installation) -> None:
    nobody = run(installation, "reply", "CV" + "0" * 24, "--body", "x", "--confirm")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert nobody.stderr == f"Error: No conversation CV{'0' * 24} in this lake; sync, then look again.\n"
    nothing = run(installation, "reply", CONTACT, "--confirm")
    assert nothing.returncode == 2
    assert nothing.stderr.startswith("Error: There is nothing to send")


def test_contacts_in_and_out(installation: Installation, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"address,name\n{CONTACT},=cmd()\n")
    looked = run(installation, "contacts", "import", str(path), "--format", "csv")
    assert (looked.returncode, looked.stdout.splitlines()[1]) == (
        0,
        '+1206***0142,name,"Ann <b id=""bold"">Li</b>",=cmd()',
    )
    done = run(installation, "contacts", "import", str(path), "--confirm")
    assert "takes it back" in done.stderr
    out = tmp_path / "out.csv"
    assert run(installation, "contacts", "export", "--out", str(out)).returncode == 0
    assert f"'{CONTACT},'=cmd(),,,Etc/GMT" in out.read_text()
    change = done.stderr.split("undo ")[1].split("`")[0]
    assert run(installation, "contacts", "undo", change).stdout == "1 field is what they were before.\n"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("address,time_zone\n+12065550142,Mars\n")
    refused = run(installation, "contacts", "import", str(wrong), "--confirm")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: Line 2: 'Mars' is no time zone")
