"""Tables and views of lakes of every age: one file for each view, old lakes become like new ones or stay."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.lake.old import attach, make_lake_of, migrations_before
from tests.lake.schema_lock import current_schema, find_problems, read_lock
from tests.lake.test_postgres import postgres, shared  # noqa: F401
from workbench.errors import LakeTooNew
from workbench.lake import Lake, migrations, open_lake, views
from workbench.lake.migrations import known_migrations, pending_changes
from workbench.lake.views import ViewFile, in_order, known_views, parse_view
from workbench.settings import Settings, load_settings

_ROOT = Path(__file__).parents[2]


def describe(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Every table, column, view and macro that a lake has, and what it says of its version."""
    return {
        "columns": lake.rows(
            "select table_name, ordinal_position, column_name, data_type, is_nullable "
            "from information_schema.columns where table_catalog = 'lake' order by all"
        ),
        "views": lake.rows(
            "select view_name, sql from duckdb_views() where database_name = 'lake' order by all"
        ),
        "macros": lake.rows(
            "select function_name, function_type, parameters, macro_definition from duckdb_functions() "
            "where database_name = 'lake' order by all"
        ),
        "migrations": lake.rows("select version, name from schema_migrations order by all"),
        "view files": lake.rows("select name, kind, version, digest from schema_views order by all"),
    }


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """A lake that was made today."""
    home = tmp_path_factory.mktemp("fresh")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        return describe(lake)


def assert_migrated(lake: Lake, fresh: Mapping[str, list[tuple[Any, ...]]]) -> None:
    assert describe(lake) == fresh
    assert not pending_changes(lake)
    # What migrations take from the messages that are there, whichever version had got to it.
    assert lake.rows(
        "select event_id, address, scope, kind, source, said_to from consent_events order by 1"
    ) == [
        ("SM1:opt-out", "+14155550123", "MG1", "opt-out", "keyword", "+12025550110"),
        ("SM2:opt-out", "+14155550124", "+12025550110", "opt-out", "twilio-21610", "+12025550110"),
    ]
    assert lake.rows("select sender, messaging_service_sid, left_at from membership_spans") == [
        ("+12025550110", "MG1", None)
    ]
    assert lake.rows("select message_sid, contact from messages order by 1") == [
        ("SM1", "+14155550123"), ("SM2", "+14155550124")
    ]  # fmt: skip
    assert lake.value("select count(*) from business_hours") == 5
    assert lake.value("select count(*) from lake_identity") == 1


# --- old lakes ---


@pytest.mark.parametrize("version", [1, 12, 40, 45, 50])
def test_a_lake_of_any_age_becomes_like_a_fresh_one(
    settings: Settings, version: int, fresh: dict[str, list[tuple[Any, ...]]]
) -> None:
    """045 and 050 are what two published versions of the program left."""
    make_lake_of(settings, version)
    with open_lake(settings) as lake:
        assert_migrated(lake, fresh)
        # What was applied before keeps its time.
        moments = lake.value("select count(distinct applied_at) from schema_migrations")
        assert moments == 2
    with open_lake(settings) as lake:
        assert_migrated(lake, fresh)


def test_a_lake_with_a_number_of_before_that_nobody_knows_is_refused(settings: Settings) -> None:
    make_lake_of(settings, 45)
    with attach(settings) as lake:
        lake.write(
            lambda cursor: cursor.execute("insert into schema_migrations values (51, '051_later', now())"),
            takes_turn=False,
        )
    with pytest.raises(LakeTooNew, match=r"is at version 51 \(051_later\).*Update the program"):
        open_lake(settings)


def test_programs_that_know_050_find_a_number_beyond_it(lake: Lake) -> None:
    """They refuse a lake with any version above the newest that they know."""
    assert lake.value("select max(version) from schema_migrations") > max(migrations_before())


KILLED = """
import os, sys
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings
write, last = Lake.write, int(sys.argv[1])
class Killing:
    def __init__(self, cursor):
        self.cursor, self.count = cursor, 0
    def execute(self, *parameters):
        self.count += 1
        if self.count == last:
            os.kill(os.getpid(), 9)
        return self.cursor.execute(*parameters)
def killing_write(self, work, **options):
    def killing_work(cursor):
        work(Killing(cursor))
        os.kill(os.getpid(), 9)
    return write(self, killing_work, **options)
Lake.write = killing_write
open_lake(load_settings())
"""


@pytest.mark.parametrize("last", [5, 30, 100, 100_000])
def test_a_migration_that_was_killed_leaves_the_lake_as_it_was(
    settings: Settings, last: int, fresh: dict[str, list[tuple[Any, ...]]]
) -> None:
    """While numbering, between tables, between views, and before the commit."""
    make_lake_of(settings, 45)
    before = _describe_as_it_is(settings)
    process = _program(settings, KILLED, str(last))
    assert process.wait(timeout=120) == -signal.SIGKILL
    assert process.communicate()[1].startswith("The lake is brought up to date (19 changes); its catalog as")
    assert _describe_as_it_is(settings) == before
    with open_lake(settings) as lake:
        assert_migrated(lake, fresh)


def _describe_as_it_is(settings: Settings) -> list[tuple[Any, ...]]:
    with attach(settings) as lake:
        return [
            *lake.rows(
                "select table_name, column_name from duckdb_columns() where database_name = 'lake' "
                "order by all"
            ),
            *lake.rows("select view_name, sql from duckdb_views() where database_name = 'lake' order by all"),
            *lake.rows("select * from schema_migrations order by all"),
        ]


OPENING = """
import sys
from workbench.lake import open_lake
from workbench.settings import load_settings
sys.stdin.readline()
open_lake(load_settings()).close()
"""


def _open_at_once(settings: Settings) -> None:
    processes = [_program(settings, OPENING) for _ in range(2)]
    answers = [process.communicate("go\n", timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers


def _program(settings: Settings, code: str, *arguments: str, root: Path = _ROOT) -> subprocess.Popen[str]:
    places = {"WORKBENCH_LAKE": settings.catalog, "WORKBENCH_LAKE_DATA": settings.lake.data or ""}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env={
            **os.environ, "PYTHONPATH": str(root), "WORKBENCH_HOME": str(settings.home),
            **{name: value for name, value in places.items() if value},
        },
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_that_migrate_at_once_do_it_once(
    settings: Settings, fresh: dict[str, list[tuple[Any, ...]]]
) -> None:
    make_lake_of(settings, 45)
    _open_at_once(settings)
    with open_lake(settings) as lake:
        assert_migrated(lake, fresh)


def test_the_same_on_postgres(
    shared: Settings,  # noqa: F811
    fresh: dict[str, list[tuple[Any, ...]]],
) -> None:
    make_lake_of(shared, 45)
    _open_at_once(shared)
    with open_lake(shared) as lake:
        assert_migrated(lake, fresh)
        lake.write(lambda cursor: cursor.execute("delete from schema_views where name = 'messages'"))
        lake.write(lambda cursor: cursor.execute("drop view messages"))
    _open_at_once(shared)
    with open_lake(shared) as lake:
        assert_migrated(lake, fresh)


# --- views: another text, another kind, gone, newer ---


def _with_views(monkeypatch: pytest.MonkeyPatch, known: Mapping[str, ViewFile]) -> None:
    """A program that has these views."""
    for module in (views, migrations):
        monkeypatch.setattr(module, "known_views", lambda: known)


GAPS = "-- grain: one row per lake\n-- version: 99\ncreate or replace view gaps as select 7 as number;\n"
GAPS_OF = "-- gives: a number\n-- version: 99\ncreate or replace macro gaps(n) as table select n as number;\n"


def test_only_a_view_with_another_text_is_made_anew(
    lake: Lake, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "select name, applied_at from schema_views order by name"
    before = dict(lake.rows(rows))
    _with_views(monkeypatch, {**known_views(), "gaps": parse_view("gaps.sql", GAPS)})
    with open_lake(settings) as again:
        after = dict(again.rows(rows))
        assert {name for name in after if after[name] != before.get(name)} == {"gaps"}
        assert again.rows("from gaps") == [(7,)]
    _with_views(monkeypatch, {**known_views(), "gaps": parse_view("gaps.sql", GAPS_OF)})
    with open_lake(settings) as again:
        assert again.rows("from gaps(8)") == [(8,)]
        assert again.value("select count(*) from duckdb_views() where view_name = 'gaps'") == 0


def test_what_uses_a_changed_view_shows_the_change(
    lake: Lake, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sending_facts` takes all columns of `message_facts`, with a text that stays."""
    old = known_views()["message_facts"]
    text = old.sql.replace("is_outbound, status,", "is_outbound, 7 as number, status,", 1)
    _with_views(monkeypatch, {**known_views(), "message_facts": parse_view("message_facts.sql", text)})
    with open_lake(settings) as again:
        assert again.rows("select number from sending_facts") == []


@pytest.mark.parametrize("name", ["gaps", "is_service", "sends_by_frequency"])
def test_a_view_without_a_file_goes(
    lake: Lake, settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    _with_views(monkeypatch, {key: view for key, view in known_views().items() if key != name})
    with open_lake(settings) as again:
        after = describe(again)
        assert name not in {row[0] for row in [*after["views"], *after["macros"], *after["view files"]]}


def test_an_opening_with_nothing_to_do_writes_nothing(lake: Lake, settings: Settings) -> None:
    snapshot = lake.snapshot_id()
    with open_lake(settings) as again:
        assert again.snapshot_id() == snapshot


def test_a_program_whose_views_are_older_does_not_put_them_back(settings: Settings, tmp_path: Path) -> None:
    """A newer version with the same tables, as a copy of the package with one view changed."""
    newer = tmp_path / "newer"
    shutil.copytree(_ROOT / "workbench", newer / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    (newer / "workbench/lake/sql/views/gaps.sql").write_text(GAPS)
    open_lake(settings).close()
    process = _program(settings, OPENING, root=newer)
    assert process.communicate("go\n", timeout=120) == ("", "")
    with attach(settings) as lake:
        snapshot = lake.snapshot_id()
        with pytest.raises(
            LakeTooNew, match=r"version 99 of the views \(gaps\).*up to \d+\. Update the program"
        ):
            open_lake(settings)
        assert lake.snapshot_id() == snapshot
        assert lake.rows("from gaps") == [(7,)]


# --- the files ---


def test_every_view_of_a_lake_comes_from_one_file_and_every_file_is_there(lake: Lake) -> None:
    made = describe(lake)
    names = [row[0] for row in [*made["views"], *made["macros"]]]
    files = {path.stem: path.read_text() for path in (_ROOT / "workbench/lake/sql/views").glob("*.sql")}
    assert sorted(names) == sorted(files) == [row[0] for row in made["view files"]]
    for name, text in files.items():
        assert re.findall(r"^(?:create|drop|insert|alter)\b.*", text, re.MULTILINE | re.IGNORECASE) == [
            line for line in text.splitlines() if line.startswith(f"create or replace {_kind(text)} {name}")
        ], name


def _kind(text: str) -> str:
    return "macro" if text.startswith("-- gives: ") else "view"


def test_every_view_says_its_grain_and_every_macro_what_it_gives() -> None:
    for view in known_views().values():
        begin = "-- grain: one row per " if view.kind == "view" else "-- gives: "
        assert view.sql.startswith(begin), view.name


@pytest.mark.parametrize(
    "text",
    [
        "create or replace view gaps as select 1;",
        "-- grain: one row per lake\ncreate or replace view gaps as select 1;",
        "-- grain: one row per lake\n-- version: 1\ncreate view gaps as select 1;",
        "-- grain: one row per lake\n-- version: 1\ncreate or replace view holes as select 1;",
        "-- version: 1\n-- grain: one row per lake\ncreate or replace view gaps as select 1;",
    ],
)
def test_a_file_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"sql/views/gaps\.sql begins with .*create or replace view gaps as"):
        parse_view("gaps.sql", text)


def test_no_migration_makes_or_drops_a_view_of_today() -> None:
    for migration in known_migrations():
        for kind, name in re.findall(r"\b(view|macro)(?: table)?(?: if \w+)* (\w+)", _code(migration.sql)):
            assert name not in known_views(), (migration.name, kind, name)


def _code(sql: str) -> str:
    return re.sub(r"--.*", "", sql)


def test_a_view_comes_after_what_it_uses_and_not_after_what_it_mentions() -> None:
    def view(name: str, select: str) -> ViewFile:
        return replace(known_views()["gaps"], name=name, sql=f"-- of c\ncreate view {name} as {select} -- c")

    texts = [("a", "select * from b where x = 'c, c'"), ("b", "from d"), ("c", "from a"), ("d", "select 1")]
    assert [v.name for v in in_order(view(name, select) for name, select in texts)] == ["d", "b", "a", "c"]


# --- a change has a number ---


def test_what_changed_has_a_number_of_its_own() -> None:
    assert find_problems(read_lock(), current_schema()) == []
    assert read_lock() == current_schema(), (
        "run `python -m tests.lake.schema_lock`, and look at what it wrote"
    )


LOCK = {"101_a": (101, "x"), "102_b": (102, "y"), "views/v": (1, "p"), "views/w": (2, "q")}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"103_c": (103, "z")}, None),
        ({"views/v": (3, "r")}, None),
        ({"views/n": (3, "r")}, None),
        ({"views/w": None, "103_c": (103, "z")}, None),
        ({"102_b": (102, "z")}, "102_b was changed"),
        ({"101_a": None}, "101_a was removed"),
        ({"104_c": (104, "z")}, "number 103"),
        ({"views/v": (2, "r")}, "`-- version: 3`"),
        ({"views/n": (2, "r")}, "`-- version: 3`"),
        ({"views/w": None}, "views/w was removed"),
    ],
)
def test_a_change_without_a_number_is_found(
    change: dict[str, tuple[int, str] | None], problem: str | None
) -> None:
    now = {name: entry for name, entry in {**LOCK, **change}.items() if entry}
    problems = find_problems(LOCK, now)
    assert len(problems) == (1 if problem else 0)
    assert problem is None or problem in problems[0]
