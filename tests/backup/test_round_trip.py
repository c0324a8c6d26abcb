"""A backup and its restore: equal rows, only what is new is copied, and nothing goes where something is."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.backup.conftest import Restore, make_home
from tests.messages import payload
from tests.ui.known import save
from workbench import BackupError, UsageError, Workbench
from workbench.api.backup import check_at, open_backups, restore_from
from workbench.api.installation import Installation
from workbench.api.jobs import run_job
from workbench.backup.prune import prune
from workbench.cli import main
from workbench.home import InBackup, in_backup
from workbench.lake import open_lake
from workbench.lake.spool import Spool
from workbench.settings import load_settings


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, and in `backups` two backups of it: 100 messages, then 103."""
    folder = tmp_path_factory.mktemp("round-trip")
    wb = make_home(folder / "home")
    made = wb.backup(str(folder / "backups"))
    assert made.left_out == ("credentials.toml", "privacy.key")
    assert "Keep these apart" in made.notices()[0]
    assert made.copied_files == made.files == 6
    with open_lake(wb.settings) as lake:
        save(lake, [payload(number) for number in range(100, 103)])
    again = wb.backup(str(folder / "backups"))
    assert (again.files, again.copied_files) == (7, 2), "the catalog, and the anchor of the audit trail"
    wb.close()
    return folder


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("workbench.toml", InBackup.COPY),
        ("spool/000000000001.spool", InBackup.COPY),
        ("erasures/0a1b.begun.json", InBackup.COPY),
        ("reports/mine.ipynb", InBackup.COPY),
        ("somebody's notes.txt", InBackup.COPY),
        ("audit.anchor", InBackup.COPY),
        ("privacy.key", InBackup.SECRET),
        ("credentials.toml", InBackup.SECRET),
        ("users.toml", InBackup.SECRET),
        ("access.key", InBackup.SECRET),
        ("link.token", InBackup.SECRET),
        ("jobs.lock", InBackup.LEAVE_OUT),
        ("lake/sending/0a1b.lock", InBackup.LEAVE_OUT),
        ("tmp/backup-x/catalog.sqlite", InBackup.LEAVE_OUT),
        ("backups/catalog-before-133-20261129T120000.000000Z.sqlite", InBackup.LEAVE_OUT),
        ("set-aside/20261129/files/main/x.parquet", InBackup.LEAVE_OUT),
        ("serve.log", InBackup.LEAVE_OUT),
    ],
)
def test_each_kind_of_file_of_a_home(name: str, what: InBackup) -> None:
    assert in_backup(name) is what


def test_what_was_copied_comes_back_and_nothing_is_sent_until_somebody_looked(
    place: Path, tmp_path: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = restore(place / "backups", key_of=place / "home")
    assert (answer.exit_code, "Nothing is sent until" in answer.stdout) == (0, True)
    with Workbench(tmp_path / "other") as wb, Workbench(place / "home") as before:
        question = "from messages order by message_sid"
        assert wb.sql(question).equals(before.sql(question))
        assert wb.sql("select count(*) as n, sum(segments) as segments from messages").iloc[0].to_list() == [
            103,
            103,
        ]
        assert wb.settings.timezone == "America/New_York"
        assert wb.audit.verify().is_whole
        assert wb.audit.show(action="restore").shape[0] == 1
    assert (tmp_path / "other/media/ME1/picture").read_bytes() == b"\x89PNG" * 100
    assert Spool(tmp_path / "other/spool").read(10) == [b'{"waits": "for the lake"}']
    folders = [tmp_path / "other" / name for name in ("lake", "lake/files", "media", "media/ME1")]
    assert {path.stat().st_mode & 0o077 for path in folders} == {0}
    assert not (tmp_path / "other/restoring.json").exists()
    assert not (tmp_path / "other/lake/catalog.sqlite.restoring").exists()
    assert_nothing_is_sent_until_somebody_looked(monkeypatch)


def test_an_older_backup_is_chosen_by_its_id(place: Path, tmp_path: Path, restore: Restore) -> None:
    listed = json.loads(restore(place / "backups", "--list", "--format", "json").stdout)
    assert [row["messages"] for row in listed] == [103, 100]
    assert restore(place / "backups", "--at", listed[1]["backup_id"], key_of=place / "home").exit_code == 0
    with Workbench(tmp_path / "other") as wb:
        assert wb.sql("select count(*) as n from messages").n[0] == 100


def assert_nothing_is_sent_until_somebody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "a" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "b" * 32)
    with Workbench() as wb:
        checked = wb.outbox.preflight("+14155552671", "Hi", sender="+12025550110")
        assert checked.verdict[0] == "block"
        assert "restored from a backup" in checked.reasons[0]
        refused = CliRunner().invoke(main, ["outbox", "release", "--confirm"])
        assert "No sync has run since the restore" in refused.stderr
        now = datetime.now(UTC)
        wb._installation.lake.write(
            lambda cursor: cursor.execute(
                "insert into sync_runs values ('r', 'AC', ?, ?, 'done', 0, 0, 0, 1, null)", [now, now]
            )
        )
        assert CliRunner().invoke(main, ["outbox", "release"]).stderr.startswith("Nothing was released.")
        assert CliRunner().invoke(main, ["outbox", "release", "--confirm"]).exit_code == 0
        assert "restored" not in wb.outbox.preflight("+14155552671", "Hi", sender="+12025550110").reasons[0]
        with pytest.raises(UsageError, match="Nothing waits to be released"):
            wb.outbox.release(confirm=True)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2020-01-01", "No backup at .* was made until 2020-01-01"),
        ("soon", "--at is 'soon'; write a day as 2026-09-30"),
    ],
)
def test_a_backup_that_is_not_there_is_not_restored(
    place: Path, at: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "other"))
    with pytest.raises((BackupError, UsageError), match=said):
        restore_from(str(place / "backups"), None, at)


def test_a_home_in_use_is_left_alone(place: Path, tmp_path: Path, restore: Restore) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    answer = restore(place / "backups", key_of=place / "home")
    assert answer.exit_code == 1
    assert "is not empty: it holds notes.txt" in answer.stderr
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == ["notes.txt", "privacy.key"]


def test_without_its_key_a_lake_does_not_come_back(place: Path, tmp_path: Path, restore: Restore) -> None:
    answer = restore(place / "backups")
    assert answer.exit_code == 2
    assert "privacy.key" in answer.stderr
    assert not (tmp_path / "other/lake/catalog.sqlite").exists()
    # The same again, with the key: the half restored home is gone on with.
    assert restore(place / "backups", key_of=place / "home").exit_code == 0


def test_a_place_within_the_home_or_of_another_lake_is_refused(place: Path, tmp_path: Path) -> None:
    with Workbench(place / "home") as wb, pytest.raises(UsageError, match="inside of the home"):
        wb.backup(str(place / "home" / "backups"))
    with make_home(tmp_path / "second", 1) as wb, pytest.raises(BackupError, match="backups of another lake"):
        wb.backup(str(place / "backups"))


def test_older_backups_go_and_shared_files_stay(place: Path, tmp_path: Path, restore: Restore) -> None:
    repository = open_backups(str(place / "backups"), None, tmp_path)
    far = datetime(2100, 1, 1, tzinfo=UTC)
    removed = prune(repository, 1, now=far)
    assert (removed.backups, removed.files) == (1, 1), "the older catalog"
    assert check_at(str(place / "backups"), None) == []


def test_a_place_that_cannot_be_written_is_named(place: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Workbench(place / "home") as wb, pytest.raises(BackupError, match="cannot be used: Not a directory"):
        wb.backup(str(tmp_path / "file" / "backups"))


def test_a_full_disk_leaves_the_last_backup(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full answers every write as a full disk does."""
    real = tempfile.mkstemp

    def full(dir: Path, prefix: str) -> tuple[int, str]:
        descriptor, name = real(dir=dir, prefix=prefix)
        if ".incoming" in name:
            os.close(descriptor)
            descriptor = os.open("/dev/full", os.O_WRONLY)
        return descriptor, name

    before = sorted(path.name for path in (place / "backups/backups").iterdir())
    monkeypatch.setattr(tempfile, "mkstemp", full)
    with Workbench(place / "home") as wb, pytest.raises(BackupError, match="No space left on device"):
        wb.backup(str(place / "backups"))
    assert sorted(path.name for path in (place / "backups/backups").iterdir()) == before
    assert list((place / "backups/.incoming").iterdir()) == []


def test_the_schedule_makes_one_where_a_place_is_named(place: Path, tmp_path: Path) -> None:
    home = place / "home"
    assert run_job(Installation(load_settings(home=home)), "backup").detail == (
        "nothing: workbench.toml has no [backup] target"
    )
    environ = {"WORKBENCH_HOME": str(home), "WORKBENCH_BACKUP_TARGET": str(tmp_path / "nightly")}
    detail = run_job(Installation(load_settings(environ)), "backup").detail
    assert detail is not None
    assert detail.startswith("Backup 2")
    assert len(list((tmp_path / "nightly/backups").iterdir())) == 1
