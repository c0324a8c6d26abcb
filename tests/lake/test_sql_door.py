"""SQL that somebody typed reads the lake, and does nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.lake.test_postgres import postgres, shared  # noqa: F401  # fixtures
from tests.messages import payload
from tests.ui.known import save
from workbench import Workbench
from workbench.errors import UsageError
from workbench.lake import open_lake
from workbench.lake.sql_door import SqlDoor
from workbench.settings import Settings, load_settings

QUERIES = [
    ("select count(*) as n from messages", 100),
    ("from messages select count(*)", 100),
    ("with recent as (from messages) select count(*) from recent;", 100),
    ("values (7)", 7),
    ("-- a comment\nselect max(range) from range(5)", 4),
    ("select count(*) from (pivot messages on status in ('sent') using count(*) group by direction)", 1),
    ("select count(*) from (describe messages) where column_name = 'body'", 1),
    ("select count(*) from (show tables) where name = 'raw_messages'", 1),
    ("select unnest([3])", 3),
    ("select count(*) from duckdb_tables() where table_name = 'raw_messages'", 1),
    ("select count(*) from sends_by_frequency('x', 'y') where false", 0),
]
OTHERS = [
    ("copy messages to '{file}'", "COPY"),
    ("copy messages to '{inside}'", "COPY"),
    ("explain analyze copy messages to '{inside}'", "EXPLAIN of a statement that is no query"),
    ("EXPLAIN (ANALYZE) copy messages to '{inside}'", "EXPLAIN of a statement that is no query"),
    ("explain /* */ analyze copy messages to '{inside}'", "EXPLAIN of a statement that is no query"),
    ("export database '{inside}'", "EXPORT"),
    ("attach ':memory:' as other", "ATTACH"),
    ("attach '{file}' as other", "ATTACH"),
    ("detach lake", "DETACH"),
    ("create temp table kept as from messages", "CREATE"),
    ("create or replace temp macro person_of(a, b) as 1", "CREATE"),
    ("insert into raw_messages (message_sid) values ('SM1')", "INSERT"),
    ("update raw_messages set body = ''", "UPDATE"),
    ("delete from raw_messages", "DELETE"),
    ("drop table raw_messages", "DROP"),
    ("set threads = 1", "SET"),
    ("set variable workbench_home = '/'", "SET"),
    ("use memory", "SET"),
    ("call ducklake_expire_snapshots('lake')", "CALL"),
    ("checkpoint", "CALL"),
    ("pragma enable_profiling", "PRAGMA"),
    ("pragma database_size", "PRAGMA"),
    ("load '{file}'", "LOAD"),
    ("install httpfs", "LOAD"),
    ("begin", "TRANSACTION"),
    ("prepare q as select 1", "PREPARE"),
    ("select 1; delete from raw_messages", "DELETE"),
    ("select 1; select 2", "2 statements"),
    ("-- nothing", "no statement"),
    ("pivot messages on status using count(*)", "name them"),
]
FUNCTIONS = [
    "from read_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "from glob('/etc/*')",
    "from read_blob('{catalog}')",
    "from sqlite_scan('{catalog}', 'ducklake_snapshot')",
    "from sqlite_attach('{catalog}')",
    "from sqlite_query('__ducklake_metadata_lake', 'select 1')",
    "from postgres_query('__ducklake_metadata_lake', 'select 1')",
    "from postgres_execute('__ducklake_metadata_lake', 'select 1')",
    "from ducklake_expire_snapshots('lake')",
    "from ducklake_cleanup_old_files('lake', cleanup_all => true)",
    "from ducklake_delete_orphaned_files('lake', cleanup_all => true)",
    "from ducklake_merge_adjacent_files('lake')",
    "from ducklake_rewrite_data_files('lake')",
    "from ducklake_flush_inlined_data('lake')",
    "from ducklake_set_option('lake', 'parquet_compression', 'zstd')",
    "from ducklake_add_data_files('lake', 'raw_messages', '{inside}')",
    "from enable_logging('QueryLog', storage = 'file', storage_path = '{file}')",
    "from ENABLE_PROFILING()",
    "from checkpoint()",
    "from query('from read_text(''/etc/passwd'')')",
    "from query_table('messages')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "from system.main.read_text('/etc/passwd')",
    "from \"read_text\"('/etc/passwd')",
    "select (select content from read_text('/etc/passwd'))",
    "with a as (from read_text('/etc/passwd')) select count(*) from a",
    "select 1 where exists (from read_text('/etc/passwd'))",
    "from messages, lateral (from read_text('/etc/passwd'))",
    "describe from read_text('/etc/passwd')",
    "summarize from read_text('/etc/passwd')",
    "explain analyze from read_text('/etc/passwd')",
    "pivot (from read_text('/etc/passwd')) on filename in ('x') using count(*)",
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("lake") / "home")})
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    return settings


@pytest.fixture(scope="module")
def wb(filled: Settings) -> Iterator[Workbench]:
    """One for all: a statement that changed something would be noticed by the next test, too."""
    with Workbench(filled) as opened:
        yield opened


def _state(folder: Path) -> dict[str, str]:
    """Every file but those that SQLite makes for its readers, by content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    }


def _spelled(sql: str, settings: Settings, tmp_path: Path) -> str:
    names = {
        "{file}": str(tmp_path / "out.csv"),
        "{inside}": str(settings.home / "lake/files/out.csv"),
        "{catalog}": str(settings.home / "lake/catalog.sqlite"),
    }
    for name, path in names.items():
        sql = sql.replace(name, path)
    return sql


@pytest.mark.parametrize(("sql", "value"), QUERIES)
def test_queries_go_through(wb: Workbench, sql: str, value: int) -> None:
    assert wb.sql(sql).iloc[0, 0] == value


def test_parameters_and_explanations_go_through(wb: Workbench) -> None:
    assert wb.sql("select ? + 1 as n", [1]).n[0] == 2
    assert wb.sql("select $a as n", {"a": 3}).n[0] == 3
    for explain in ("explain", "EXPLAIN ANALYZE", "explain (format json)", "explain (analyze, format json)"):
        assert "raw_messages" in str(wb.sql(f"{explain} select count(*) from messages").iloc[0, 1])


@pytest.mark.parametrize(("sql", "named"), OTHERS)
def test_other_statements_are_refused(wb: Workbench, tmp_path: Path, sql: str, named: str) -> None:
    before = _state(wb.settings.home)
    with pytest.raises(UsageError, match=named):
        wb.sql(_spelled(sql, wb.settings, tmp_path))
    assert _state(wb.settings.home) == before
    assert list(tmp_path.iterdir()) == []
    assert wb.sql("select count(*) as n from messages").n[0] == 100


@pytest.mark.parametrize("sql", FUNCTIONS)
def test_functions_that_reach_out_are_refused(wb: Workbench, tmp_path: Path, sql: str) -> None:
    before = _state(wb.settings.home)
    with pytest.raises(UsageError, match=r"\(\), which reads or changes more .*--allow-files"):
        wb.sql(_spelled(sql, wb.settings, tmp_path))
    assert _state(wb.settings.home) == before
    assert list(tmp_path.iterdir()) == []
    assert wb.sql("select count(*) as n from messages").n[0] == 100


@pytest.mark.parametrize("table", ["'/etc/passwd'", "'{file}'", '"{file}"', "'https://example.com/x.csv'"])
def test_a_file_as_a_table_is_refused_by_the_engine_itself(wb: Workbench, tmp_path: Path, table: str) -> None:
    (tmp_path / "out.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError):
        wb.sql(_spelled(f"from {table}", wb.settings, tmp_path))


def test_every_table_function_of_the_engine_is_allowed_on_purpose(wb: Workbench) -> None:
    """Those that are called without a parameter are tried; nothing of them changes a file."""
    from workbench.lake.query_check import TABLE_FUNCTIONS

    known = set(wb.sql("select distinct function_name as f from duckdb_functions()").f)
    assert known >= TABLE_FUNCTIONS - {"unnest"}
    before = _state(wb.settings.home)
    for name in sorted(TABLE_FUNCTIONS):
        for arguments in ("", "'lake'", "'raw_messages'"):
            with suppress(UsageError):  # other arguments are wanted
                wb.sql(f"select count(*) from {name}({arguments})")
    assert _state(wb.settings.home) == before


def test_the_engine_of_the_door_is_locked_without_the_check_of_statements(
    filled: Settings, tmp_path: Path
) -> None:
    door = SqlDoor(filled)
    with door._lake.memory() as cursor:
        for sql in (
            "copy (select 1) to '{file}'", "attach '{file}' as other", "set enable_external_access = true",
            "set lock_configuration = false", "from read_text('/etc/passwd')",
        ):  # fmt: skip
            with pytest.raises(Exception, match=r"disabled by configuration|locked|Cannot"):
                cursor.execute(_spelled(sql, filled, tmp_path))
    door.close()


def test_the_owner_may_use_files_and_still_not_change_the_lake(wb: Workbench, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    wb.sql(f"copy (select count(*) as n from messages) to '{out}'", allow_files=True)
    assert out.read_text() == "n\n100\n"
    assert wb.sql(f"select n from '{out}'", allow_files=True).n[0] == 100
    with pytest.raises(UsageError, match="only read"):
        wb.sql("delete from raw_messages", allow_files=True)
    with pytest.raises(UsageError, match="COPY is refused"):  # the way out is for one call only
        wb.sql(f"copy messages to '{out}'")


def test_every_metric_runs_as_the_sql_that_it_says(wb: Workbench) -> None:
    for name in wb.metrics().name:
        answer = wb.metric(name, by=["day"])
        assert list(wb.sql(answer.attrs["sql"]).columns) == list(answer.columns)


LONG = "select count(*) from range(1000000000) a, range(1000000000) b where a.range * b.range = 7"
NOTEBOOK = f"""
import os, signal, sys, threading
from workbench import Workbench
wb = Workbench()
wb.sql("select 1")
threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    wb.sql("{LONG}")
except KeyboardInterrupt:
    print(wb.sql("select count(*) as n from messages").n[0])
"""


def _environ(settings: Settings) -> dict[str, str]:
    return {**os.environ, "WORKBENCH_HOME": str(settings.home)}


def test_ctrl_c_in_a_notebook_is_a_keyboard_interrupt(filled: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], env=_environ(filled), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr


@pytest.mark.parametrize("options", [[], ["--allow-files"]])
def test_ctrl_c_on_the_command_line_is_130(filled: Settings, tmp_path: Path, options: list[str]) -> None:
    started = tmp_path / "started"
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, str(started), "sql", LONG, *options],
        env=_environ(filled), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 40
        while not started.exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=40)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, stdout) == (130, "")
    assert stderr.startswith("Interrupted.")


STARTED = """
import sys
from pathlib import Path
import pandas
from workbench.cli import main
from workbench.lake.connect import Lake
cursor_of = Lake.cursor
def cursor(self):
    Path(sys.argv[1]).touch()
    return cursor_of(self)
Lake.cursor = cursor
main(sys.argv[2:])
"""


def test_a_postgres_catalog_is_behind_the_same_door(shared: Settings, tmp_path: Path) -> None:  # noqa: F811
    with open_lake(shared) as lake:
        save(lake, [payload(number) for number in range(100)])
    with Workbench(shared) as wb:
        assert wb.sql("select count(*) as n from messages").n[0] == 100
        for sql, named in OTHERS:
            with pytest.raises(UsageError, match=named):
                wb.sql(_spelled(sql, shared, tmp_path))
        for sql in FUNCTIONS:
            with pytest.raises(UsageError, match="which reads or changes more"):
                wb.sql(_spelled(sql, shared, tmp_path))
        assert wb.sql("select count(*) as n from messages").n[0] == 100


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server of our own."""
    program = shutil.which("moto_server")
    if program is None:
        pytest.skip("no S3 server on this machine (moto_server), so a lake in a bucket is not tested")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.put(f"{url}/lake-bucket").raise_for_status()
                httpx.put(f"{url}/lake-bucket/other/x.csv", content=b"a,b\n1,2\n").raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        for name, value in {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
            "AWS_REGION": "us-east-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield "s3://lake-bucket"
    finally:
        process.terminate()
        process.wait(20)


def test_a_lake_in_a_bucket_is_behind_the_same_door(bucket: str, home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home), "WORKBENCH_LAKE_DATA": f"{bucket}/lake/"})
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    with Workbench(settings) as wb:
        assert wb.sql("select count(body) as n from messages").n[0] == 100
        with pytest.raises(UsageError, match="COPY is refused"):
            wb.sql(f"copy messages to '{bucket}/lake/out.csv'")
        with pytest.raises(UsageError, match="SQL sees only the lake"):
            wb.sql(f"from '{bucket}/other/x.csv'")
        assert len(wb.sql(f"from '{bucket}/other/x.csv'", allow_files=True)) == 1
