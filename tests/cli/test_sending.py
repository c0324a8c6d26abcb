"""The commands of sending, as a person types them: exit codes, one error line, data on stdout."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from workbench import UsageError, Workbench
from workbench.cli.batch_file import batch_name, read_batch_file
from workbench.cli.sending import _refuse_other_name
from workbench.lake import Lake
from workbench.settings import Settings

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
    reading = shown.stderr.rpartition("--confirm ")[2].strip()
    (home / "templates" / "hello.toml").write_text('body = "Bye {{ first_name }}"\n')
    other = run(*command, "--confirm", reading)
    assert (other.returncode, "is not what was confirmed" in other.stderr) == (2, True)
    (home / "templates" / "hello.toml").write_text('body = "Hi {{ first_name }}"\n')
    wrong = run(*command, "--confirm", "3")
    assert (wrong.returncode, "there are 2 messages" in wrong.stderr) == (2, True)
    sent = run(*command, "--confirm", "2", "--json")
    assert sent.returncode == 1
    found = json.loads(sent.stdout)
    assert (found["batch"], found["counts"]) == ("people", {"sent": 1, "blocked": 1})
    assert run("templates").stdout.startswith("name")
    assert run("templates", "show", "hello", "--var", "first_name=Ana").stdout == "Hi Ana\n"
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


def send_batch(run: Run, file: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run(
        "send-batch",
        str(file),
        "--from",
        SENDER,
        "--body",
        "Hello",
        "--ignore-quiet-hours",
        *arguments,
        stdin=stdin,
    )


def test_rows_that_end_with_a_comma_are_sent_to_nobody(run: Run, tmp_path: Path) -> None:
    people = tmp_path / "trailing.csv"
    people.write_text(
        "to,alt_phone,first_name\n+14155550411,+14155550412,Ann,\n+14155550413,+14155550414,Bob,\n"
    )
    refused = send_batch(run, people, "--confirm", "2")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "line 2: it has 4 cells where the header has 3" in refused.stderr
    assert "line 3: it has 4 cells" in refused.stderr
    (tmp_path / "well.csv").write_text("to,alt_phone\n+14155550415,+14155550416\n")
    assert send_batch(run, tmp_path / "well.csv", "--confirm", "1").returncode == 0
    outbox = run("outbox", "--format", "json")
    assert [row["contact"] for row in json.loads(outbox.stdout)] == ["+1415***0415"]


def test_what_was_shown_is_what_is_confirmed(run: Run, home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text('[sending]\ndefault_country = "US"\n')
    people = tmp_path / "kunden.csv"
    people.write_bytes(
        "Phone Number;Vorname;Filiale\r\n4155550421;Jürgen;+14155550422\r\n12;Änne;\r\n".encode("cp1252")
    )
    shown = send_batch(run, people)
    assert shown.returncode == 0, shown.stderr
    told = shown.stderr.splitlines()
    assert told[:3] == [
        "Notice: kunden.csv: CSV with semicolons, Windows-1252, 2 rows. Recipients: column 'Phone Number'.",
        "Notice: line 2 goes to +1415***0421, Vorname='Jürgen', Filiale='+1415***0422'",
        "Notice: line 3 goes to ***, Vorname='Änne', Filiale=''",
    ]
    count, colon, reading = told[3].rpartition("--confirm ")[2].partition(":")
    assert (count, colon, len(reading)) == ("2", ":", 8)
    blocked = next(line for line in shown.stdout.splitlines() if " blocked " in line)
    assert blocked.split()[0] == "3"
    # The encoding is a guess, and the file may be another one by now.
    guess = send_batch(run, people, "--confirm", "2")
    assert (guess.returncode, f"--confirm 2:{reading}" in guess.stderr) == (2, True)
    other = send_batch(run, people, "--confirm", f"2:{reading}", "--to-column", "Filiale")
    assert (other.returncode, "is not what was confirmed" in other.stderr) == (2, True)
    # Nor are other options, or a country that makes other numbers of the same cells.
    later = send_batch(run, people, "--confirm", f"2:{reading}", "--validity", "600")
    assert (later.returncode, "is not what was confirmed" in later.stderr) == (2, True)
    (home / "workbench.toml").write_text('[sending]\ndefault_country = "GB"\n')
    moved = send_batch(run, people, "--confirm", f"2:{reading}")
    assert (moved.returncode, "is not what was confirmed" in moved.stderr) == (2, True)
    (home / "workbench.toml").write_text('[sending]\ndefault_country = "US"\n')
    assert "+1415" not in run("outbox", "--format", "json").stdout
    sent = send_batch(run, people, "--confirm", f"2:{reading}", "--json")
    assert json.loads(sent.stdout)["counts"] == {"sent": 1, "blocked": 1}
    assert [row["contact"] for row in json.loads(run("outbox", "--format", "json").stdout)] == [
        "+1415***0421"
    ]


def test_a_name_of_a_column_makes_no_line_of_the_preview(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text('to,"name\nline 3 goes to +1415***0999"\n+14155550441,\x1b[2J\n')
    told = read_batch_file(people, None, {}).preview(["+1415***0441"])
    assert told[1] == "line 3 goes to +1415***0441, 'name\\nline 3 goes to +1415***0999'='\\x1b[2J'"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("people.csv", "people"), ("people.csv.gz", "people"), ("people.CSV.GZ", "people"),
        ("people.xlsx", "people"), ("people.gz", "people"), ("people.v2.csv", "people.v2"),
        ("people.v2.csv.gz", "people.v2"), ("-", "stdin"),
    ],
)  # fmt: skip
def test_a_batch_is_called_as_its_file_packed_or_not(file: str, name: str) -> None:
    assert batch_name(Path(file)) == name


def test_a_packed_file_is_the_same_batch_as_the_file_in_it(run: Run, tmp_path: Path) -> None:
    plain, packed = tmp_path / "list.csv", tmp_path / "list.csv.gz"
    plain.write_text("to\n+14155550461\n+14155550462\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    options = ("--from", SENDER, "--body", "Hello", "--ignore-quiet-hours", "--confirm", "2", "--json")
    assert json.loads(run("send-batch", str(packed), *options).stdout)["counts"] == {"sent": 2}
    again = json.loads(run("send-batch", str(plain), *options).stdout)
    assert (again["batch"], again["counts"]) == ("list", {"already_sent": 2})


def test_a_batch_that_went_out_under_the_name_of_before_is_not_sent_again(
    lake: Lake, settings: Settings
) -> None:
    columns = (
        "key, attempt, state, happened_at, intended_at, batch, account_sid, contact, segments, media_count, "
        "actor, owner"
    )
    lake.write(
        lambda cursor: cursor.execute(
            f"insert into outbox_events ({columns}) "
            "select 'k', 1, 'accepted', now(), now(), 'list.csv', 'AC', '+14155550461', 1, 0, 'a', 'o'"
        )
    )
    with Workbench(settings) as wb:
        _refuse_other_name(wb, Path("list.csv"))
        _refuse_other_name(wb, Path("other.csv.gz"))
        with pytest.raises(UsageError, match=r"list\.csv\.gz was sent as the batch") as refused:
            _refuse_other_name(wb, Path("list.csv.gz"))
    assert "Give --batch list.csv to go on" in str(refused.value)


def test_a_batch_from_stdin_with_a_chosen_column(run: Run) -> None:
    text = "phone\tmobile\n+14155550431\t+14155550432\n"
    unclear = send_batch(run, Path("-"), stdin=text)
    assert (unclear.returncode, "phone, mobile. Choose one with --to-column" in unclear.stderr) == (2, True)
    sent = send_batch(run, Path("-"), "--to-column", "mobile", "--confirm", "1", "--json", stdin=text)
    assert json.loads(sent.stdout)["counts"] == {"sent": 1}, sent.stderr
    assert json.loads(sent.stdout)["results"][0]["to"] == "+1415***0432"


def test_segments_of_a_text_that_looks_like_an_option_and_of_stdin(run: Run) -> None:
    dashed = run("segments", "-x")
    assert (dashed.returncode, dashed.stdout.splitlines()[0]) == (0, "1 segment in GSM-7, 2 units")
    given = run("segments", "-", stdin="Hello\n")
    assert (given.returncode, given.stdout.splitlines()[0]) == (0, "1 segment in GSM-7, 5 units")
    empty = run("segments", "--", "--format")
    assert (empty.returncode, empty.stdout.splitlines()[0]) == (0, "1 segment in GSM-7, 8 units")
