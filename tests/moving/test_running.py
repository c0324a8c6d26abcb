"""A move while others write, and one that is killed: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.moving.conftest import Move, content_at
from tests.postgres import PostgresServer
from workbench.lake import open_lake
from workbench.moving.copying import TableCopies
from workbench.settings import load_settings

ROOT = Path(__file__).parents[2]

WRITER = """
import time
from datetime import UTC, datetime
from tests.messages import payload
from workbench.errors import LakeMoved
from workbench.lake import open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings

def save(cursor):
    rows = [message_row(payload(1000 + number * 10 + i)) for i in range(10)]
    save_messages(cursor, message_table(rows), source="sync", received_at=datetime.now(UTC))
    gone = f"SM{1000 + number * 10 + 3:032x}"
    cursor.execute("delete from raw_messages where message_sid = ?", [gone])
    changed = f"SM{1000 + number * 10 + 4:032x}"
    cursor.execute("update raw_messages set body = 'changed' where message_sid = ?", [changed])

number, left = 0, None
while left != 0:
    try:
        with open_lake(load_settings()) as lake:
            while left != 0:
                lake.write(save)
                number += 1
                print(number, flush=True)
                left = left and left - 1
    except LakeMoved:
        left = left or 5
        time.sleep(0.1)
"""
"""Ten messages a commit, one of them deleted and one changed, until five commits after the move. What the old
lake refuses is written again, to the one that workbench.toml names by then."""


def test_what_is_written_meanwhile_is_all_there_once(
    filled: Path, move: Move, tmp_path: Path, postgres_machine: PostgresServer
) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "WORKBENCH_HOME": str(filled)}
    with subprocess.Popen(
        [sys.executable, "-c", WRITER], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "1\n"
            answer = move("--to", f"postgres:{postgres_machine.new_database()}", "--data", tmp_path / "files")
            assert answer.exit_code == 0, answer.output
            output, errors = writer.communicate(timeout=120)
        finally:
            writer.kill()
    assert writer.returncode == 0, errors
    commits = int(output.split()[-1])
    with open_lake(load_settings()) as lake:
        assert lake.address.kind == "postgres"
        written = "from raw_messages where message_sid >= 'SM000000000000000000000000000003e8'"
        assert lake.rows(
            f"select count(*), count(distinct message_sid), count(*) filter (body = 'changed') {written}"
        ) == [(commits * 9, commits * 9, commits)]


KILLED = """
import os, signal, sys
from workbench.cli import main
from workbench.moving import copying, run
place, moment, target = sys.argv[1:]
owner, name = (copying.TableCopies, "_copy") if place == "_copy" else (run, place)
if place == "mark":
    wait = run.writers_wait
    def waited(address):
        class Marking:
            def __enter__(self):
                self.inner = wait(address)
                mark = self.inner.__enter__()
                return lambda to: dying(lambda: mark(to))()
            def __exit__(self, *error):
                return self.inner.__exit__(*error)
        return Marking()
    def dying(whole):
        def then(*words, **named):
            if moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            whole(*words, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        return then
    run.writers_wait = waited
else:
    whole = getattr(owner, name)
    def then(*words, **named):
        if moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        whole(*words, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, then)
main(["lake", "move", "--to", target, "--confirm"])
"""
STEPS = [
    ("make_lake", "before"), ("make_lake", "after"), ("copy_features", "after"), ("_copy", "after"),
    ("mark", "before"), ("mark", "after"), ("_take_identity", "after"), ("_note_in_trail", "after"),
    ("write_address", "before"), ("write_address", "after"), ("purge", "after"),
]  # fmt: skip
"""In the order of a move; each run goes on with what the one before left."""


def test_killed_at_each_step(filled: Path, move: Move, tmp_path: Path) -> None:
    before, target = content_at(filled), f"sqlite:{tmp_path / 'new' / 'c.sqlite'}"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "WORKBENCH_HOME": str(filled)}
    for place, moment in STEPS:
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, place, moment, target],
            env=environ, timeout=120, capture_output=True, text=True,
        )  # fmt: skip
        assert ended.returncode == -9, (place, moment, ended.stdout, ended.stderr)
        if (place, moment) == ("mark", "before"):
            assert content_at(filled) == before
    answer = move("--to", target)
    assert answer.exit_code == 0, answer.output
    assert content_at(filled) == before
    with open_lake(load_settings()) as lake:
        assert lake.address.catalog == str(tmp_path / "new" / "c.sqlite")
        assert lake.rows("select count(*) from audit_events where action = 'lake-move'") == [(1,)]
        assert lake.rows("select count(*) from duckdb_tables() where table_name = 'move_progress'") == [(0,)]
    assert move("--release-old").exit_code == 0


def test_who_is_erased_meanwhile_is_in_no_file_of_the_new_lake(
    filled: Path, move: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their rows were copied before, and lie in a file of the new lake until it is purged."""
    contact, erased = "+14155550123", False
    compare = TableCopies.compare

    def erase_after_copying(copies: TableCopies) -> None:
        nonlocal erased
        compare(copies)
        if not erased:
            with open_lake(load_settings()) as lake:
                lake.write(
                    lambda cursor: cursor.execute("delete from raw_messages where contact = ?", [contact])
                )
            erased = True

    monkeypatch.setattr(TableCopies, "compare", erase_after_copying)
    assert move("--to", f"sqlite:{tmp_path / 'new' / 'c.sqlite'}").exit_code == 0
    with open_lake(load_settings()) as lake:
        assert lake.value("select count(*) from raw_messages where contact = ?", [contact]) == 0
        assert lake.value("select count(*) from raw_messages") == 1
        files = [
            str(path) for path in (tmp_path / "new" / "files" / "main" / "raw_messages").glob("*.parquet")
        ]
        with lake.open_reader() as reader:
            for path in files:
                rows = reader.execute(
                    "select count(*) from read_parquet(?) where contact = ?", [path, contact]
                )
                assert rows.fetchall() == [(0,)]
    assert contact.encode() not in (tmp_path / "new" / "c.sqlite").read_bytes()
