"""Backups in a bucket, of a lake in a bucket, and of a catalog in PostgreSQL; moves between these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backup.conftest import Restore
from tests.lake.test_postgres import _psql, _settings_with, postgres, shared  # noqa: F401
from tests.lake.test_sql_door import bucket  # noqa: F401
from tests.messages import payload
from tests.ui.known import save
from workbench import BackupError, Workbench
from workbench.api.backup import check_at
from workbench.lake import Lake, open_lake
from workbench.lake.maintenance import maintain
from workbench.lake.row_counts import count_rows
from workbench.settings import Settings, load_settings


def content(lake: Lake) -> tuple[dict[str, int], list[tuple[object, ...]]]:
    """Rows by table but for what a restore adds, and every message."""
    own = {"restores", "audit_events", "schema_migrations", "schema_views", "write_turn"}
    with lake.cursor() as cursor:
        counts = count_rows(cursor)
    return (
        {name: rows for name, rows in counts.items() if name not in own},
        lake.rows("from raw_messages order by all"),
    )


def fill(settings: Settings) -> tuple[dict[str, int], list[tuple[object, ...]]]:
    """Messages in files and in the catalog, some deleted; the content."""
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
        save(lake, [payload(number, body="é “x” 🙂\n") for number in range(100, 103)])
        lake.write(
            lambda cursor: cursor.execute(
                "delete from raw_messages where message_sid = (select min(message_sid) from raw_messages)"
            )
        )
        return content(lake)


def test_to_a_bucket_and_back_into_a_lake_whose_files_are_in_a_bucket(
    bucket: str,  # noqa: F811
    home: Path,
    tmp_path: Path,
    restore: Restore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = fill(load_settings({"WORKBENCH_HOME": str(home)}))
    target = f"{bucket}/backups"
    with Workbench(home) as wb:
        # The catalog, a file of the messages and two of their texts; then the catalog again, and the trail.
        assert wb.backup(target).copied_files == 4
        assert wb.backup(target, keep=1).copied_files == 2
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    assert check_at(target, None) == []
    # Here: a folder to a bucket.
    monkeypatch.setenv("WORKBENCH_LAKE_DATA", f"{bucket}/lake/")
    answer = restore(target, key_of=home)
    assert answer.exit_code == 0, answer.output
    with open_lake(load_settings()) as lake:
        assert lake.address.is_bucket
        assert content(lake) == before
    # A lake in a bucket is copied, too.
    with Workbench() as wb:
        wb.backup(str(tmp_path / "third"))
    monkeypatch.delenv("WORKBENCH_LAKE_DATA")
    assert restore(tmp_path / "third", key_of=home, into="local").exit_code == 0
    with open_lake(load_settings()) as lake:
        assert content(lake) == before
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with (
        Workbench(home) as wb,
        pytest.raises(BackupError, match="The bucket of s3://lake-bucket/bac"),
    ):
        wb.backup(target)


def test_a_catalog_in_postgres_moves_to_sqlite_and_back(
    shared: Settings,  # noqa: F811
    postgres: str,  # noqa: F811
    home: Path,
    tmp_path: Path,
    restore: Restore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("first", "second"):
        _psql(postgres, f"drop database if exists {name}", f"create database {name}")
    first = _settings_with(shared, "first")
    before = fill(first)
    with Workbench(settings=first) as wb:
        wb.backup(str(tmp_path / "backups"))
    answer = restore(tmp_path / "backups", key_of=home)
    assert answer.exit_code == 0, answer.output
    with open_lake(load_settings()) as lake:
        assert lake.address.kind == "sqlite"
        assert content(lake) == before
        maintain(lake)
        assert content(lake) == before
        save(lake, [payload(500)])
        lake_id = str(lake.value("select lake_id from lake_identity"))
    with Workbench() as wb:
        wb.backup(str(tmp_path / "from-sqlite"))
    second = _settings_with(shared, "second", tmp_path / "server")
    monkeypatch.setenv("WORKBENCH_LAKE", second.catalog)
    monkeypatch.setenv("WORKBENCH_LAKE_DATA", str(tmp_path / "server-files"))
    answer = restore(tmp_path / "from-sqlite", key_of=home, into="server")
    assert answer.exit_code == 0, answer.output
    with open_lake(load_settings()) as lake:
        assert lake.address.kind == "postgres"
        assert lake.value("select count(*) from messages") == 103
        assert lake.value("select count(*) from messages where body = 'é “x” 🙂\n'") == 3
        assert str(lake.value("select lake_id from lake_identity")) == lake_id
