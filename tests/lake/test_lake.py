"""Opening, migrating, locking and breaking a lake, with real files and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from workbench.errors import ConfigError, LakeBusy, LakeError, LakeTooNew, UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.address import lake_address
from workbench.lake.duckdb_errors import explain
from workbench.lake.engine import extension_path
from workbench.lake.lock import exclusive, only_one
from workbench.lake.migrations import known_migrations, pending_changes
from workbench.settings import Settings, load_settings


def run_python(code: str, home: Path, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "WORKBENCH_HOME": str(home), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_migrations_are_numbered_and_apply_once(lake: Lake, settings: Settings) -> None:
    versions = [migration.version for migration in known_migrations()]
    assert versions == list(range(101, 101 + len(versions)))
    with open_lake(settings) as again:
        assert not pending_changes(again)
        assert again.value("select count(*) from schema_migrations") == len(versions)


def test_every_migration_that_makes_a_table_says_its_grain() -> None:
    makers = [migration for migration in known_migrations() if "create table" in migration.sql]
    assert len(makers) > 25
    for migration in makers:
        assert migration.sql.startswith("-- grain: one row per "), migration.name


def test_a_lake_from_a_newer_version_is_refused_and_left_alone(lake: Lake, settings: Settings) -> None:
    lake.write(lambda cursor: cursor.execute("insert into schema_migrations values (999, 'later', now())"))
    snapshot = lake.snapshot_id()
    with pytest.raises(LakeTooNew, match=r"version 999.*WORKBENCH_HOME"):
        open_lake(settings)
    assert lake.snapshot_id() == snapshot


def test_reading_where_no_lake_is_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(LakeError, match="workbench sync"):
        open_lake(settings, read_only=True)
    assert not settings.home.exists()


def test_a_lake_that_was_moved_is_whole(lake: Lake, settings: Settings, tmp_path: Path) -> None:
    """A backup that is put back elsewhere, or a folder that got another name."""
    rows = "insert into open_checks select 'SM' || i, 'AC1', now() from range(1000) t(i)"
    lake.write(lambda cursor: cursor.execute(rows))
    lake.close()
    moved = tmp_path / "moved"
    settings.home.rename(moved)
    with open_lake(load_settings({"WORKBENCH_HOME": str(moved)})) as again:
        assert again.value("select count(*) from open_checks") == 1000
        again.write(lambda cursor: cursor.execute(rows))
        assert again.value("select count(*) from open_checks") == 2000
    assert not settings.home.exists()


def test_a_lake_whose_files_are_elsewhere_needs_the_setting(tmp_path: Path) -> None:
    """Opened without it, its tables would go to two places."""
    settings = {"WORKBENCH_HOME": str(tmp_path / "home")}
    elsewhere = {**settings, "WORKBENCH_LAKE_DATA": f"{tmp_path / 'large'}/"}
    rows = "insert into open_checks select 'SM' || i, 'AC1', now() from range(1000) t(i)"
    with open_lake(load_settings(elsewhere)) as lake:
        lake.write(lambda cursor: cursor.execute(rows))
    with pytest.raises(LakeError, match="DATA_PATH"):
        open_lake(load_settings(settings))
    with open_lake(load_settings(elsewhere)) as lake:
        assert lake.value("select count(distinct message_sid) from open_checks") == 1000


def test_renewing_waits_for_no_writer(lake: Lake) -> None:
    with exclusive(Path(lake.address.catalog + ".lock")):
        lake.renew()
        assert lake.value("select count(*) from open_checks") == 0


def test_a_renewed_lake_says_the_same_and_keeps_cursors_in_use(lake: Lake) -> None:
    with lake.cursor() as cursor:
        cursor.execute("create table memory.main.kept as select 7 as number")
        lake.renew()
        assert cursor.execute("select number from memory.main.kept").fetchall() == [(7,)]
    assert lake.generation == 2
    lake.write(lambda cursor: cursor.execute("insert into open_checks values ('SM1', 'AC1', now())"))
    assert lake.value("select count(*) from open_checks") == 1
    with lake.memory() as cursor, pytest.raises(duckdb.CatalogException):
        cursor.execute("select number from memory.main.kept")


def test_a_reader_cannot_write(lake: Lake, settings: Settings) -> None:
    with open_lake(settings, read_only=True) as reader, pytest.raises(UsageError, match="only read"):
        reader.rows("delete from raw_messages")


def test_a_failed_write_leaves_nothing(lake: Lake) -> None:
    def half(cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("insert into open_checks values ('SM1', 'AC1', now())")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lake.write(half)
    assert lake.value("select count(*) from open_checks") == 0
    lake.write(lambda cursor: cursor.execute("insert into open_checks values ('SM2', 'AC1', now())"))
    assert lake.value("select count(*) from open_checks") == 1


def test_wrong_sql_is_the_callers_error(lake: Lake) -> None:
    with pytest.raises(UsageError, match="no_such_table"):
        lake.rows("select * from no_such_table")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"WORKBENCH_LAKE": "mysql:x"}, "'mysql'"),
        ({"WORKBENCH_LAKE": "postgres:dbname=x"}, "WORKBENCH_LAKE_DATA"),
        ({"WORKBENCH_LAKE": "sqlite:"}, "sqlite:PATH"),
    ],
)
def test_wrong_addresses_are_named(environ: dict[str, str], named: str, home: Path) -> None:
    with pytest.raises(ConfigError, match=named):
        lake_address(load_settings({"WORKBENCH_HOME": str(home), **environ}))


def test_a_password_in_the_address_is_never_shown(home: Path) -> None:
    environ = {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_LAKE": "postgres:dbname=lake host=127.0.0.1 port=1 password=hunter2 user=me",
        "WORKBENCH_LAKE_DATA": str(home),
    }
    settings = load_settings(environ)
    with pytest.raises(LakeError) as failure:
        open_lake(settings)
    texts = [str(failure.value), repr(settings), repr(lake_address(settings)), lake_address(settings).shown]
    assert not [text for text in texts if "hunter2" in text]


@pytest.mark.parametrize(
    ("text", "kind", "fix"),
    [
        ("IO Error: Could not write file: No space left on device", LakeError, "free some space"),
        ('Failed to execute query "COMMIT": database or disk is full', LakeError, "free some space"),
        ("IO Error: database is locked", LakeBusy, "again"),
        ("IO Error: Cannot open file: Permission denied", LakeError, "owner"),
    ],
)
def test_engine_errors_say_the_fix(text: str, kind: type[LakeError], fix: str) -> None:
    error = explain(duckdb.IOException(text), "sqlite:x")
    assert isinstance(error, kind)
    assert fix in str(error)


def test_no_unsigned_extension_is_let_in_once_ours_are_loaded(lake: Lake, tmp_path: Path) -> None:
    forged = bytearray(extension_path("httpfs").read_bytes())
    forged[-256:] = bytes(256)  # the signature
    path = tmp_path / "httpfs.duckdb_extension"
    path.write_bytes(forged)
    for open_engine in (lake.cursor, lake.memory, lake.open_reader):
        with open_engine() as engine:
            with pytest.raises(duckdb.Error, match="signature is either missing or invalid"):
                engine.execute(f"load '{path}'")
            with pytest.raises(duckdb.Error, match="Cannot change allow_unsigned_extensions"):
                engine.execute("set global allow_unsigned_extensions = true")


def test_extensions_come_from_their_wheels_and_the_home_folder_is_untouched(tmp_path: Path) -> None:
    assert "site-packages" in str(extension_path("ducklake"))
    user_home = tmp_path / "user"
    user_home.mkdir()
    code = "import workbench; wb = workbench.Workbench(); wb._installation.begin_lake().rows('from messages')"
    process = run_python(code, tmp_path / "home", HOME=str(user_home))
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert list(user_home.iterdir()) == []


def test_the_lake_is_private(lake: Lake, home: Path) -> None:
    assert (home / "lake").stat().st_mode & 0o077 == 0


def test_only_one_names_the_holder(tmp_path: Path) -> None:
    lock = tmp_path / "sync.lock"
    busy = pytest.raises(LakeBusy, match=f"process {os.getpid()}")
    with only_one(lock, "sync"), busy, only_one(lock, "sync"):
        pass
    with only_one(tmp_path / "sync.lock", "sync"):
        pass


def test_the_write_lock_of_a_killed_process_is_free(lake: Lake, home: Path) -> None:
    lock = home / "lake" / "catalog.sqlite.lock"
    holder = run_python(
        f"""
        import time
        from pathlib import Path
        from workbench.lake.lock import exclusive
        with exclusive(Path({str(lock)!r})):
            print("held", flush=True)
            time.sleep(60)
        """,
        home,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    with exclusive(lock):
        pass
    assert time.monotonic() - began < 5


WRITER = """
    import sys
    from tests.messages import payload
    from workbench import Workbench
    from workbench.lake.save import message_table, save_messages
    from workbench.messaging.message import message_row
    from datetime import UTC, datetime
    start = int(sys.argv[1]) if len(sys.argv) > 1 else {start}
    wb = Workbench()
    for batch in range(15):
        table = message_table([message_row(payload(start + batch * 20 + i)) for i in range(20)])
        lake = wb._installation.lake
        lake.write(lambda c: save_messages(c, table, source="sync", received_at=datetime.now(UTC)))
"""
READER = """
    from workbench import Workbench
    wb, seen = Workbench(), 0
    for _ in range(40):
        reader = wb._installation.reader
        rows, sids = reader.rows("select count(*), count(distinct message_sid) from messages")[0]
        assert rows == sids and rows >= seen, (rows, sids, seen)
        seen = rows
        wb.metric("delivery_rate", by=["day"])
"""


def test_processes_write_and_read_the_same_lake_at_the_same_moment(lake: Lake, home: Path) -> None:
    """Three writers and two readers, each a process of its own: no error, nothing lost, nothing twice."""
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_windows values ('AC1', '2026-11-01', now(), 0, null, now())"
        )
    )
    root = str(Path(__file__).parents[2])
    writers = [run_python(WRITER.format(start=1000 * n), home, PYTHONPATH=root) for n in (1, 2, 3)]
    readers = [run_python(READER, home, PYTHONPATH=root) for _ in range(2)]
    for process in writers + readers:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    assert lake.rows("select count(*), count(distinct message_sid) from messages") == [(900, 900)]


def test_times_in_frames_are_plain_utc_and_join_with_those_of_pandas(lake: Lake) -> None:
    """As `Etc/UTC`, which is what DuckDB says for itself, `concat` makes objects and `merge_asof` refuses."""
    frame = lake.frame("select timestamptz '2026-11-01 12:00:00+00' as t")
    ours = pd.DataFrame({"t": pd.to_datetime(["2026-11-01 11:00"], utc=True), "n": [7]})
    assert str(frame["t"].dtype) == "datetime64[us, UTC]"
    assert (
        str(pd.concat([frame["t"], ours["t"].astype("datetime64[us, UTC]")]).dtype) == "datetime64[us, UTC]"
    )
    assert pd.merge_asof(frame, ours.astype({"t": frame["t"].dtype}), on="t")["n"].tolist() == [7]
