"""The commands of sending, as a person types them: exit codes, one error line, data on stdout."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

SENDER = "+14155550104"


def test_segments(run: Run) -> None:
    plain = run("segments", "Hello")
    assert (plain.returncode, plain.stdout.splitlines()[0]) == (0, "1 segment in GSM-7, 5 units")
    told = run("segments", "It’s " + "x" * 100).stdout
    assert "2 segments in UCS-2" in told
    assert "Forced to UCS-2 by: '’'" in told
    assert "In GSM-7 (1)" in told
    assert json.loads(run("segments", "€" * 81, "--json").stdout)["segments"] == 2


def test_send_shows_then_sends_then_knows(run: Run) -> None:
    command = (
        "send", "--to", "+14155550401", "--from", SENDER, "--body", "Hello", "--ignore-quiet-hours", "--json"
    )  # fmt: skip
    shown = run(*command)
    assert (shown.returncode, json.loads(shown.stdout)["state"]) == (0, "unconfirmed")
    sent = run(*command, "--confirm")
    assert (sent.returncode, json.loads(sent.stdout)["state"]) == (0, "sent"), sent.stderr
    assert json.loads(sent.stdout)["to"] == "+1415***0401"
    again = run(*command, "--confirm")
    assert (again.returncode, json.loads(again.stdout)["state"]) == (0, "already_sent")


def test_blocked_is_1_and_wrong_use_is_2_with_one_line(run: Run) -> None:
    blocked = run("send", "--to", "12", "--from", SENDER, "--body", "Hello", "--confirm")
    assert blocked.returncode == 1
    assert "blocked" in blocked.stdout
    wrong = run("send", "--to", "+14155550402", "--from", SENDER, "--confirm")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert "nothing to send" in wrong.stderr
    unknown = run("send", "--to", "+14155550402", "--from", SENDER, "--template", "absent")
    assert (unknown.returncode, "No template named 'absent'" in unknown.stderr) == (2, True)
    pair = run("send", "--to", "+14155550402", "--body", "x", "--var", "name")
    assert (pair.returncode, "name=value" in pair.stderr) == (2, True)


def test_a_batch_from_a_file_with_a_template(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "templates").mkdir(parents=True)
    (home / "templates" / "hello.toml").write_text('body = "Hi {{ first_name }}"\n')
    (home / "workbench.toml").write_text(
        '[sending]\ndefault_country = "US"\n[mps_limits]\n"long code" = 100\n'
    )
    people = tmp_path / "people.csv"
    people.write_text("\ufeffto,first_name\n(415) 555-0403,Ana\n+14155550404,\n")
    command = ("send-batch", str(people), "--from", SENDER, "--template", "hello", "--ignore-quiet-hours")
    shown = run(*command)
    assert shown.returncode == 0, shown.stderr
    assert "1 blocked, 1 unconfirmed" in shown.stdout
    wrong = run(*command, "--confirm", "3")
    assert (wrong.returncode, "there are 2 messages" in wrong.stderr) == (2, True)
    sent = run(*command, "--confirm", "2", "--json")
    assert sent.returncode == 1
    found = json.loads(sent.stdout)
    assert (found["batch"], found["counts"]) == ("people", {"sent": 1, "blocked": 1})
    assert run("templates").stdout.startswith("name")
    assert run("templates", "--show", "hello", "--var", "first_name=Ana").stdout == "Hi Ana\n"
    outbox = run("outbox", "--format", "json")
    assert [row["state"] for row in json.loads(outbox.stdout)] == ["accepted"]
    assert "4155550403" not in outbox.stdout


def test_a_file_that_is_no_table(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert run("send-batch", str(empty), "--body", "x").returncode == 2
    other = tmp_path / "other.csv"
    other.write_text("number\n+14155550405\n")
    wrong = run("send-batch", str(other), "--body", "x")
    assert (wrong.returncode, "no column 'to'" in wrong.stderr) == (2, True)
