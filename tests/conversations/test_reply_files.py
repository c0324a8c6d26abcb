"""Files of answers: private, given away only while their message is on its way, gone by age and erasure."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversations.known import ANA
from workbench.compliance.home_files import erase_from_files
from workbench.conversations import reply_files
from workbench.conversations.reply_files import ReplyFile, ReplyFiles, read_type, tidy_name
from workbench.errors import UsageError
from workbench.home import InBackup, Treatment, in_backup, treatment_of
from workbench.lake import Lake

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
KEY = b"k" * 32
CONVERSATION = "CW" + "a" * 24
FILE = ReplyFile("", "user:ana", CONVERSATION, ANA, "cat.png", "image/png", 0)
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def age(home: Path, file: ReplyFile, how_long: timedelta) -> None:
    moment = time.time() - how_long.total_seconds()
    os.utime(home / "attachments" / file.file_id, (moment, moment))


def test_a_file_is_private_and_has_one_address_that_nobody_can_work_out(tmp_path: Path) -> None:
    files = ReplyFiles(tmp_path)
    kept = files.keep(FILE, PNG, KEY)
    assert files.keep(FILE, PNG, KEY) == kept
    assert files.read(kept.file_id) == (kept, PNG)
    assert (kept.size, kept.name) == (264, "cat.png")
    [path] = (tmp_path / "attachments").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    others = [
        files.keep(FILE, PNG + b"!", KEY),
        files.keep(FILE, PNG, b"l" * 32),
        files.keep(replace(FILE, person="user:ben"), PNG, KEY),
        files.keep(replace(FILE, conversation_id="CW" + "b" * 24), PNG, KEY),
    ]
    assert len({kept.file_id, *(other.file_id for other in others)}) == 5


def test_a_file_is_given_away_only_between_its_sending_and_the_end(tmp_path: Path) -> None:
    files = ReplyFiles(tmp_path)
    kept = files.keep(FILE, PNG, KEY)
    assert files.served(kept.file_id) is None
    files.serve([kept.file_id], now() + HOUR)
    assert files.served(kept.file_id) == (kept, PNG)
    # Twilio may still fetch it.
    files.remove(kept.file_id)
    assert files.served(kept.file_id) is not None
    files.serve([kept.file_id], now())
    assert files.served(kept.file_id) is None
    files.remove(kept.file_id)
    assert files.read(kept.file_id) is None
    with pytest.raises(UsageError, match="attach it again"):
        files.serve([kept.file_id], now())


@pytest.mark.parametrize("bad", ["", "..", "../drafts/x", "A" * 64, "a" * 63, f"{'a' * 64}\n", "/etc/passwd"])
def test_no_other_file_has_an_address(tmp_path: Path, bad: str) -> None:
    (tmp_path / "attachments").mkdir()
    files = ReplyFiles(tmp_path)
    assert (files.read(bad), files.describe(bad), files.served(bad)) == (None, None, None)
    files.remove(bad)


@pytest.mark.parametrize(
    ("old", "is_used", "stays"),
    [
        (timedelta(), False, True),
        (timedelta(hours=2), False, False),
        (timedelta(hours=2), True, True),
        (timedelta(days=31), True, False),
        (-HOUR, False, True),
    ],
    ids=["new", "unused", "of a draft", "of an old draft", "on its way"],
)
def test_what_nobody_needs_any_more_goes(tmp_path: Path, old: timedelta, is_used: bool, stays: bool) -> None:
    files = ReplyFiles(tmp_path)
    kept = files.keep(FILE, PNG, KEY)
    age(tmp_path, kept, old)
    files.sweep([kept.file_id] if is_used else [])
    assert (files.read(kept.file_id) is not None) is stays


def test_all_files_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_files, "MOST_BYTES", 700)
    files = ReplyFiles(tmp_path)
    files.keep(FILE, PNG, KEY)
    with pytest.raises(UsageError, match=r"take \d+ bytes; 700 are allowed"):
        files.keep(FILE, PNG + PNG, KEY)
    assert len(list((tmp_path / "attachments").iterdir())) == 1


def test_an_erasure_removes_the_files_to_a_person(lake: Lake) -> None:
    files = ReplyFiles(lake.home)
    theirs = files.keep(FILE, PNG, KEY)
    other = files.keep(replace(FILE, contact="+12065550199", conversation_id="CW" + "b" * 24), PNG, KEY)
    changed = erase_from_files(lake, [ANA, ANA.removeprefix("+")])
    assert changed.removed == (f"attachments/{theirs.file_id}",)
    assert (files.read(theirs.file_id), files.read(other.file_id)) == (None, (other, PNG))
    assert treatment_of("attachments/x") is Treatment.REMOVE
    assert in_backup("attachments/x") is InBackup.SECRET
    with pytest.raises(UsageError, match="was erased"):
        ReplyFiles(lake.home, lambda contact: True).keep(FILE, PNG, KEY)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(name=st.text(max_size=300), content=st.binary(max_size=100))
def test_any_name_and_bytes_come_back_as_they_were(tmp_path: Path, name: str, content: bytes) -> None:
    files = ReplyFiles(tmp_path)
    kept = files.keep(replace(FILE, name=name), content, KEY)
    assert files.read(kept.file_id) == (replace(kept, name=name), content)
    files.remove(kept.file_id)
    shown = tidy_name(name)
    assert len(shown) <= 100
    assert shown.isprintable()
    assert not {"/", "\\"} & set(shown)


@pytest.mark.parametrize(
    ("content", "claimed", "expected"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "text/html", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"<svg onload=alert(1)>", "image/svg+xml", ""),
        (b"<html>", "image/png", ""),
        (b"%PDF-1.7", "application/pdf", "application/pdf"),
        (b"<html>", "application/pdf", ""),
        (b"....", "audio/mpeg; x=1", "audio/mpeg"),
        (b"....", "audio/mpeg\r\nSet-Cookie: a", ""),
        (b"....", "", ""),
    ],
)
def test_the_type_is_what_the_bytes_say(content: bytes, claimed: str, expected: str) -> None:
    assert read_type(content, claimed) == expected
