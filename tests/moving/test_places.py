"""Lakes moved up, down and aside on real servers: rows and features are the same, the trail unbroken."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import duckdb
import psycopg
import pytest
from click.testing import CliRunner

from tests.bucket import BucketServer
from tests.lakes import lake_of
from tests.moving.conftest import Move, content, content_at
from tests.postgres import PostgresServer
from workbench import Workbench
from workbench.cli import main
from workbench.errors import LakeMoved
from workbench.lake import open_lake
from workbench.settings import load_settings


def said(*words: str) -> str:
    answer = CliRunner().invoke(main, list(words))
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_up_to_postgres_and_a_bucket_and_down_again(
    filled: Path,
    move: Move,
    tmp_path: Path,
    postgres_machine: PostgresServer,
    bucket_machine: BucketServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in bucket_machine.environment.items():
        monkeypatch.setenv(name, value)
    (filled / "workbench.toml").write_text('# ours\ntimezone = "America/New_York"  # of the office\n')
    before = content_at(filled)
    database, bucket = postgres_machine.new_database(), bucket_machine.new_bucket()
    place = f"s3://{bucket}/lake"
    up = move("--to", f"postgres:{database}", "--data", place, "--format", "json")
    assert up.exit_code == 0, up.output
    tables = {table["table"]: table["rows"] for table in json.loads(up.stdout)["tables"]}
    assert {name: tables[name] for name in ("raw_messages", "consent_events", "erased_people")} == {
        "raw_messages": 103, "consent_events": 1, "erased_people": 1
    }  # fmt: skip
    text = (filled / "workbench.toml").read_text()
    assert text.startswith('# ours\ntimezone = "America/New_York"  # of the office\n')
    assert tomllib.loads(text)["lake"] == {"catalog": f"postgres:{database}", "data": f"{place}/"}
    with open_lake(load_settings()) as lake:
        assert (lake.address.kind, lake.address.data) == ("postgres", f"{place}/")
        assert content(lake) == before
        assert lake.value("select count(*) from messages where body = 'é “x” 🙂\n'") == 3
        features = lake.rows(
            "select comment from duckdb_tables() where table_name = 'raw_messages' "
            "union all select comment from duckdb_columns() where table_name = 'raw_messages' "
            "and column_name = 'body' and database_name = 'lake'"
        )
        assert features == [("ours, it's said",), ("text",)]
        assert lake.rows("select transform from __ducklake_metadata_lake.ducklake_partition_column") == [
            ("month",)
        ]
    assert "unbroken" in said("audit", "verify")
    # The old lake refuses whoever comes with its address.
    with pytest.raises(LakeMoved, match="was moved to postgres:dbname=lake_"):
        open_lake(
            load_settings({"WORKBENCH_LAKE": f"sqlite:{filled / 'lake' / 'catalog.sqlite'}"}), read_only=True
        )
    released = move("--release-old")
    assert "set aside" in released.output
    assert [path.name for path in sorted((filled / "set-aside").rglob("catalog.sqlite"))] == [
        "catalog.sqlite"
    ]
    # Down again, to where it was at first.
    down = move("--to", f"sqlite:{filled / 'lake' / 'catalog.sqlite'}")
    assert down.exit_code == 0, down.output
    assert content_at(filled) == before
    assert "unbroken" in said("audit", "verify")
    assert "deleted" in move("--release-old", "--delete").output
    client = bucket_machine.client()
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    client.close()
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select count(*) from pg_tables where tablename like 'ducklake_%'"
        ).fetchone()
        assert rows == (0,)
    assert not (filled / "lake-move.json").exists()


def test_from_one_database_to_another_by_variables(
    filled: Path,
    move: Move,
    tmp_path: Path,
    postgres_machine: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the environment names is not written anywhere: a person is told what to set."""
    first, second = (postgres_machine.new_database() for _ in range(2))
    before = content_at(filled)
    assert move("--to", f"postgres:{first}", "--data", tmp_path / "first").exit_code == 0
    assert "stays where it is" not in move("--release-old").output
    (filled / "workbench.toml").write_text("")
    monkeypatch.setenv("WORKBENCH_LAKE", f"postgres:{first}")
    monkeypatch.setenv("WORKBENCH_LAKE_DATA", str(tmp_path / "first"))
    wb = Workbench()
    assert len(wb.sql("from messages")) == 103
    target = f"{second} password=hunter2"
    answer = move("--to", f"postgres:{target}", "--data", tmp_path / "second")
    assert answer.exit_code == 0, answer.output
    assert "hunter2" not in answer.output
    assert "hunter2" not in (filled / "lake-move.json").read_text()
    assert (filled / "workbench.toml").read_text() == ""
    assert "WORKBENCH_LAKE and WORKBENCH_LAKE_DATA" in answer.output
    assert f"set WORKBENCH_LAKE to postgres:{second} password=***" in answer.output
    # A notebook that had the old one open can neither write to it nor open it anew.
    with pytest.raises(LakeMoved):
        lake_of(wb).write(lambda cursor: cursor.execute("delete from raw_messages"))
    stale = CliRunner().invoke(main, ["status"])
    assert stale.exit_code == 2
    assert "was moved to postgres:" in stale.output
    refused = move("--release-old")
    assert refused.exit_code == 2
    assert "set WORKBENCH_LAKE to" in refused.output
    monkeypatch.setenv("WORKBENCH_LAKE", f"postgres:{target}")
    monkeypatch.setenv("WORKBENCH_LAKE_DATA", str(tmp_path / "second"))
    assert "unbroken" in said("audit", "verify")
    with open_lake(load_settings()) as lake:
        assert content(lake) == before
    assert "stays where it is" in move("--release-old").output


@pytest.mark.parametrize("kind", ["insert", "expire"])
def test_the_old_catalog_itself_refuses_whoever_knows_nothing_of_a_move(
    filled: Path, move: Move, tmp_path: Path, kind: str
) -> None:
    """DuckDB alone stands for a program of an older version."""
    from workbench.lake.engine import new_engine

    old = load_settings()
    with open_lake(old) as lake:
        address = lake.address
    assert move("--to", f"sqlite:{tmp_path / 'new' / 'catalog.sqlite'}").exit_code == 0
    statement = {
        "insert": "insert into lake.write_turn values (7)",
        "expire": "call ducklake_expire_snapshots('lake', older_than => now())",
    }[kind]
    with new_engine(filled, address) as engine:
        engine.execute(address.attach_sql())
        with pytest.raises(duckdb.Error, match="WORKBENCH-LAKE-MOVED"):
            engine.execute(statement)
        assert engine.execute("select count(*) from lake.raw_messages").fetchall() == [(103,)]
