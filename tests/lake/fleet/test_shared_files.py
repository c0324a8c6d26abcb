"""Two homes on one lake: what they share, who wins, and what is refused. With a real PostgreSQL server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresServer
from workbench.errors import ConfigError, LakeError, LakeRefused, UsageError
from workbench.lake import open_lake
from workbench.lake.address import lake_address
from workbench.lake.fleet import freshness, shared_files
from workbench.lake.fleet.entering import version_problem
from workbench.lake.fleet.fleet_key import FleetKey
from workbench.lake.fleet.freshness import require_current, watching_fleet
from workbench.lake.fleet.home_copy import KnownFile, Standing, compare
from workbench.lake.fleet.leases import PROCESS_THAT_SENDS, HeldLease, take_lease
from workbench.lake.fleet.machines import Machine, seen
from workbench.lake.fleet.manage import (
    choose,
    init_fleet,
    join_fleet,
    list_standings,
    push_files,
    rekey_fleet,
    require_member,
    take_files,
)
from workbench.lake.fleet.shared_files import change_files, enter_fleet
from workbench.lake.fleet.status import read_fleet_status
from workbench.lake.secret_key import lake_key
from workbench.server.access.private_files import access_key
from workbench.server.access.sessions import _Ended
from workbench.server.access.users import Users
from workbench.settings import Settings, load_settings
from workbench.tokens.store import Tokens
from workbench.views.toml_text import quoted

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Place:
    """A database and a folder; each machine has a home of its own in it."""

    database: str
    folder: Path

    def environ(self, machine: str, key: str | None = KEY) -> dict[str, str]:
        environ = {
            "WORKBENCH_HOME": str(self.folder / machine),
            "WORKBENCH_LAKE": f"postgres:{self.database}",
            "WORKBENCH_LAKE_DATA": str(self.folder / "files"),
        }
        return environ | ({"WORKBENCH_FLEET_KEY": key} if key else {})

    def machine(self, name: str, key: str | None = KEY) -> Settings:
        """The settings of a machine, which looks at the fleet at once."""
        (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        return load_settings(self.environ(name, key))

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            answer = connection.execute(query, values)
            return answer.fetchall() if answer.description else []


@pytest.fixture
def place(postgres_machine: PostgresServer, tmp_path: Path) -> Iterator[Place]:
    yield Place(postgres_machine.new_database(), tmp_path)
    shared_files._members.clear()
    shared_files._looked_at.clear()


def enter(settings: Settings) -> None:
    """As a new process: it looks at the fleet however short ago this one did."""
    shared_files._looked_at.clear()
    enter_fleet(settings)


@pytest.fixture
def two(place: Place) -> tuple[Settings, Settings]:
    """Two machines of a fleet that the first one began with a user of its own."""
    begun = place.machine("a")
    Users(begun.home).add("ana", "admin", PASSWORD)
    init_fleet(begun)
    joined = place.machine("b")
    assert join_fleet(joined).names == ("users.toml",)
    enter(begun)
    enter(joined)
    return begun, joined


def test_a_new_machine_gets_everything_and_only_its_owner_reads_it(place: Place) -> None:
    first = place.machine("a")
    Users(first.home).add("ana", "admin", PASSWORD)
    key = access_key(first.home)
    (first.home / "workbench.toml").write_text('timezone = "Europe/Rome"\n')
    (first.home / "dashboards").mkdir()
    (first.home / "dashboards" / "week.py").write_text("# a page\n")
    (first.home / "link.token").write_text("of one machine\n")
    begun = init_fleet(first)
    assert begun.names == ("access.key", "dashboards/week.py", "users.toml", "workbench.toml")
    second = place.machine("b")
    enter(second)
    assert load_settings(place.environ("b")).timezone == "Europe/Rome"
    assert (access_key(second.home), list(Users(second.home).all())) == (key, ["ana"])
    assert (second.home / "users.toml").stat().st_mode & 0o777 == 0o600
    assert not (second.home / "link.token").exists()
    stored = b"".join(bytes(row[0]) for row in place.ask("select content from workbench_fleet.shared_files"))  # type: ignore[call-overload]
    assert len(stored) > 200
    assert b"ana" not in stored
    assert b"Rome" not in stored
    assert key.encode() not in stored


def test_without_a_key_each_home_is_its_own(place: Place) -> None:
    first, second = place.machine("a", None), place.machine("b", None)
    assert enter_fleet(first) is None
    Users(first.home).add("ana", "admin", PASSWORD)
    assert Users(second.home).all() == {}
    with pytest.raises(ConfigError, match="no key of a fleet"):
        join_fleet(second)


def start(place: Place, machine: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", *words],
        env={**os.environ, **place.environ(machine)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_machines_add_users_at_once_and_none_is_lost(
    place: Place, two: tuple[Settings, Settings]
) -> None:
    running = [start(place, machine, "users", "add", f"u-{machine}", "--role", "viewer") for machine in "ab"]
    for process in running:
        _, errors = process.communicate(PASSWORD + "\n", timeout=120)
        assert process.returncode == 0, errors
    for settings in two:
        enter(settings)
        assert sorted(Users(settings.home).all()) == ["ana", "u-a", "u-b"]


def test_a_removed_user_a_revoked_token_and_a_deleted_file_go_everywhere(
    two: tuple[Settings, Settings],
) -> None:
    first, second = two
    tokens = Tokens(second.home)
    text = tokens.add(tokens.check_new("program", "viewer", (), None), "local:me")
    enter(first)
    assert Tokens(first.home).of_text(text) is not None
    Users(first.home).remove("ana")
    Tokens(first.home).revoke("program")
    enter(second)
    assert Users(second.home).all() == {}
    token = Tokens(second.home).of_text(text)
    assert token is not None
    assert token.revoked_at is not None
    with change_files(second.home, "views.lock") as changes:
        changes.write(second.home / "views" / "week.toml", f"title = {quoted('Week')}\n")
    enter(first)
    assert (first.home / "views" / "week.toml").read_text() == 'title = "Week"\n'
    with change_files(first.home, "views.lock") as changes:
        changes.remove(first.home / "views" / "week.toml")
    enter(second)
    assert not (second.home / "views" / "week.toml").exists()


def test_a_server_takes_a_revocation_within_four_seconds(
    place: Place, two: tuple[Settings, Settings]
) -> None:
    first, second = two
    with watching_fleet(second):
        assert "ana" in Users(second.home).all()
        began = time.monotonic()
        Users(first.home).remove("ana")
        while "ana" in Users(second.home).all():
            assert time.monotonic() - began < 4, "the server looks every two seconds"
            time.sleep(0.05)


def test_a_server_without_its_database_lets_nobody_in(
    two: tuple[Settings, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds after the last answer; until then what it knows counts."""
    _, second = two

    class LastLook:
        conflicts: tuple[str, ...] = ()
        seen_at = time.monotonic() - 9

    monkeypatch.setitem(freshness._looks, second.home, LastLook())
    assert "ana" in Users(second.home).all()
    LastLook.seen_at -= 2
    for ask in (
        Users(second.home).all,
        Tokens(second.home).all,
        lambda: Tokens(second.home).of_text("wbt_x"),
    ):
        with pytest.raises(LakeError, match="nobody is let in"):
            ask()
    require_current(two[0].home, "users.toml")


KILLED = """
import os, signal, sys
from workbench.files import write_whole
from workbench.lake.fleet import member, rows
from workbench.server.access.sessions import _Ended
from workbench.server.access.users import Users
from workbench.settings import load_settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

at = sys.argv[1]
if at == "before the commit":
    give = member.write_rows
    member.write_rows = lambda *values: (give(*values), die())
if at == "after the commit":
    member.FleetMember.put_given = die
if at == "before the state":
    member.write_state = die
Users(load_settings().home).add("killed", "viewer", "correct horse battery")
"""


@pytest.mark.parametrize(
    ("at", "is_there"), [("before the commit", False), ("after the commit", True), ("before the state", True)]
)
def test_a_killed_change_is_done_everywhere_or_nowhere(
    place: Place, two: tuple[Settings, Settings], at: str, is_there: bool
) -> None:
    first, second = two
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, at], env={**os.environ, **place.environ("a")}, timeout=120, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    names = ["ana", "killed"] if is_there else ["ana"]
    for settings in (second, first):
        enter(settings)
        assert list(Users(settings.home).all()) == names
        assert {each.standing for each in list_standings(require_member(settings))} == {Standing.SAME}
    # Its lock went with it.
    Users(second.home).add("next", "viewer", PASSWORD)


def test_another_key_is_refused_and_changes_nothing(place: Place, two: tuple[Settings, Settings]) -> None:
    before = place.ask("select name, revision, content from workbench_fleet.shared_files")
    stranger = place.machine("c", OTHER_KEY)
    for do in (enter, join_fleet, lambda settings: Users(settings.home).add("eve", "admin", PASSWORD)):
        if do is not enter and do is not join_fleet:
            shared_files._members[stranger.home] = require_member(stranger)
        with pytest.raises(LakeRefused, match=r"check value [0-9a-f]{16}\) is not that of the fleet"):
            do(stranger)
    with pytest.raises(UsageError, match="has a fleet already"):
        init_fleet(stranger)
    assert place.ask("select name, revision, content from workbench_fleet.shared_files") == before
    assert not (stranger.home / "users.toml").exists()
    assert KEY not in repr(require_member(two[0])) + repr(two[0].lake.fleet_key)


TAMPER = {
    "a changed byte": "set_byte(content, 20, get_byte(content, 20) # 1)",
    "an older row under a new revision": "content",
    "a deletion that nobody made": "null",
    "another file's row": "(select content from workbench_fleet.shared_files where name = 'tokens.toml')",
}


@pytest.mark.parametrize("change", TAMPER)
def test_what_no_machine_wrote_is_refused(place: Place, two: tuple[Settings, Settings], change: str) -> None:
    first, second = two
    tokens = Tokens(first.home)
    tokens.add(tokens.check_new("program", "viewer", (), None), "local:me")
    before = (second.home / "users.toml").read_bytes()
    place.ask(
        f"update workbench_fleet.shared_files set revision = 9, content = {TAMPER[change]} "
        "where name = 'users.toml'"
    )
    with pytest.raises(
        LakeRefused, match=r"'users\.toml' \(revision 9\) .* is not what a machine of this fleet"
    ):
        enter(second)
    assert (second.home / "users.toml").read_bytes() == before


def test_an_older_row_put_back_is_a_conflict(place: Place, two: tuple[Settings, Settings]) -> None:
    first, second = two
    older = place.ask("select revision, content from workbench_fleet.shared_files where name = 'users.toml'")[
        0
    ]
    Users(first.home).remove("ana")
    enter(second)
    place.ask(
        "update workbench_fleet.shared_files set revision = %s, content = %s where name = 'users.toml'",
        *older,
    )
    with pytest.raises(LakeRefused, match=r"Changed both on this machine and in its fleet: users\.toml"):
        enter(second)
    assert Users(second.home).all() == {}


def test_a_file_changed_on_both_sides_is_named_and_both_ways_lead_out(two: tuple[Settings, Settings]) -> None:
    first, second = two
    first_member, second_member = require_member(first), require_member(second)
    (first.home / "workbench.toml").write_text('timezone = "Europe/Rome"\n')
    push_files(first_member, choose(list_standings(first_member), (), push=True))
    (second.home / "workbench.toml").write_text('timezone = "Europe/Paris"\n')
    shared_files._looked_at.clear()
    taken = enter_fleet(second)
    assert taken is not None
    assert (taken.names, taken.conflicts) == ((), ("workbench.toml",))
    assert (second.home / "workbench.toml").read_text() == 'timezone = "Europe/Paris"\n'
    assert choose(list_standings(second_member), (), push=True) == []
    kept = take_files(second_member, ["workbench.toml"])
    assert kept is not None
    assert (kept / "workbench.toml").read_text() == 'timezone = "Europe/Paris"\n'
    assert (second.home / "workbench.toml").read_text() == 'timezone = "Europe/Rome"\n'
    # The other way.
    (first.home / "workbench.toml").write_text('timezone = "UTC"\n')
    (second.home / "workbench.toml").write_text('timezone = "Asia/Tokyo"\n')
    push_files(first_member, choose(list_standings(first_member), (), push=True))
    enter(second)
    shown = choose(list_standings(second_member), ("workbench.toml",), push=True)
    push_files(second_member, shown)
    with pytest.raises(LakeRefused, match="was changed in the fleet while this command ran"):
        push_files(second_member, shown)
    enter(first)
    assert (first.home / "workbench.toml").read_text() == 'timezone = "Asia/Tokyo"\n'


def test_a_conflict_about_who_may_come_in_stops_every_command(two: tuple[Settings, Settings]) -> None:
    first, second = two
    with (second.home / "users.toml").open("a") as file:
        file.write("# by hand\n")
    Users(first.home).remove("ana")
    with pytest.raises(
        LakeRefused, match=r"`workbench fleet take users\.toml` .* `workbench fleet push users\.toml`"
    ):
        enter(second)
    with pytest.raises(LakeRefused, match="Changed both on this machine and in its fleet"):
        Users(second.home).add("bob", "viewer", PASSWORD)
    assert "bob" not in (second.home / "users.toml").read_text()


def test_a_key_that_is_lost_is_taken_again_and_a_deleted_page_is_not(two: tuple[Settings, Settings]) -> None:
    first, second = two
    key = access_key(first.home)
    (first.home / "dashboards").mkdir()
    (first.home / "dashboards" / "week.py").write_text("# a page\n")
    member = require_member(first)
    push_files(member, choose(list_standings(member), (), push=True))
    enter(second)
    (second.home / "access.key").unlink()
    (second.home / "dashboards" / "week.py").unlink()
    enter(second)
    assert access_key(second.home) == key
    member = require_member(second)
    chosen = choose(list_standings(member), (), push=True)
    assert [(each.name, each.standing, each.is_here) for each in chosen] == [
        ("dashboards/week.py", Standing.CHANGED_HERE, False)
    ]
    push_files(member, chosen)
    enter(first)
    assert not (first.home / "dashboards" / "week.py").exists()


def test_a_new_key_shuts_out_who_has_the_old_one(place: Place, two: tuple[Settings, Settings]) -> None:
    first, second = two
    (first.home / "fleet.key").write_text(KEY + "\n")
    (first.home / "fleet.key").chmod(0o600)
    files, path, _ = rekey_fleet(place.machine("a", None))
    assert (files, path) == (1, first.home / "fleet.key")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(LakeRefused, match="is not that of the fleet"):
        enter(second)
    third = place.machine("c", path.read_text().strip())
    assert join_fleet(third).names == ("users.toml",)


def test_a_killed_rekey_goes_on_with_the_key_that_the_database_has(
    place: Place, two: tuple[Settings, Settings]
) -> None:
    first, _ = two
    (first.home / "fleet.key").write_text(KEY + "\n")
    (first.home / "fleet.key").chmod(0o600)
    by_file = place.machine("a", None)
    rekey_fleet(by_file)
    os.replace(first.home / "fleet.key", first.home / "fleet.key.new")
    (first.home / "fleet.key").write_text(KEY + "\n")
    (first.home / "fleet.key").chmod(0o600)
    enter(by_file)
    assert not (first.home / "fleet.key.new").exists()
    assert "ana" in Users(first.home).all()


def machine(version: str, lag: float) -> Machine:
    from datetime import UTC, datetime

    at = datetime(2026, 11, 1, tzinfo=UTC)
    return Machine("db1", "/srv", version, "pages", None, at, at, lag)


@pytest.mark.parametrize(
    ("own", "fleets", "machines", "problem"),
    [
        ("1.2.0", "1.2.0", [machine("1.2.0", 1)], None),
        ("1.9.0", "1.10.0", [], "Install 1.10.0 here"),
        ("1.3.0", "1.2.0", [machine("1.2.0", 29)], "Stop them, wait 30 s"),
        ("1.3.0", "1.2.0", [machine("1.2.0", 31), machine("1.3.0", 1)], None),
        ("1.3.0", "1.2.0", [], None),
    ],
)
def test_versions(own: str, fleets: str, machines: list[Machine], problem: str | None) -> None:
    said = version_problem(own, fleets, machines)
    assert said is None if problem is None else problem in str(said)


def test_an_older_machine_is_refused_and_a_newer_one_takes_the_fleet_along(
    place: Place, two: tuple[Settings, Settings]
) -> None:
    first, _ = two
    place.ask("update workbench_fleet.fleet set version = '99.0'")
    with pytest.raises(LakeRefused, match=r"This machine has workbench \S+ and its fleet has 99\.0"):
        enter(first)
    place.ask("update workbench_fleet.fleet set version = '0.0.1'")
    enter(first)
    assert place.ask("select version from workbench_fleet.fleet") != [("0.0.1",)]


def test_a_row_opens_under_its_own_name_and_revision_only() -> None:
    key = FleetKey(bytes.fromhex(KEY))
    sealed = key.seal("users.toml", 4, b"content")
    assert key.unseal("users.toml", 4, sealed) == b"content"
    assert key.unseal("views/a.toml", 5, key.seal("views/a.toml", 5, None)) is None
    for name, revision in (("tokens.toml", 4), ("users.toml", 5)):
        with pytest.raises(LakeRefused):
            key.unseal(name, revision, sealed)


COMPARED: list[tuple[dict[str, str], dict[str, KnownFile], dict[str, int], str]] = [
    ({"x": "1"}, {}, {}, "changed here"),
    ({}, {}, {"x": 1}, "changed there"),
    ({"x": "1"}, {}, {"x": 1}, "conflict"),
    ({"x": "1"}, {"x": KnownFile(1, "1")}, {"x": 1}, "same"),
    ({"x": "2"}, {"x": KnownFile(1, "1")}, {"x": 1}, "changed here"),
    ({"x": "1"}, {"x": KnownFile(1, "1")}, {"x": 2}, "changed there"),
    ({"x": "2"}, {"x": KnownFile(1, "1")}, {"x": 2}, "conflict"),
    ({}, {"x": KnownFile(1, "1")}, {"x": 1}, "changed here"),
    ({}, {"x": KnownFile(1, "1")}, {"x": 2}, "conflict"),
    ({}, {"x": KnownFile(2, None)}, {"x": 2}, "same"),
    ({"x": "1"}, {"x": KnownFile(2, "1")}, {"x": 1}, "conflict"),
    ({"x": "1"}, {"x": KnownFile(2, "1")}, {}, "conflict"),
]


@pytest.mark.parametrize(("local", "known", "revisions", "standing"), COMPARED)
def test_how_a_file_stands(
    local: dict[str, str], known: dict[str, KnownFile], revisions: dict[str, int], standing: str
) -> None:
    assert compare(local, known, revisions) == {"x": Standing(standing)}


def test_who_signs_out_on_one_machine_is_signed_out_on_all(two: tuple[Settings, Settings]) -> None:
    first, second = two
    (here, there) = (_Ended(settings.home, time.time) for settings in two)
    for ended, name in ((here, "session-a"), (there, "session-b")):
        ended.add(name, time.time() + 60)
    enter(first)
    enter(second)
    assert [name in ended for ended in (here, there) for name in ("session-a", "session-b", "another")] == [
        True, True, False, True, True, False,
    ]  # fmt: skip


def test_a_machine_without_the_key_of_hashes_is_told_of_fleets_and_gets_it_in_one(place: Place) -> None:
    first, second = place.machine("a", None), place.machine("b", None)
    with open_lake(first) as lake:
        lake.write(lambda cursor: lake_key(cursor, first.home))
    with pytest.raises(
        LakeRefused, match=r"privacy\.key.* is missing\. .*`workbench fleet init` on the machine"
    ):
        open_lake(second)
    init_fleet(place.machine("a"))
    with open_lake(place.machine("b")):
        assert (second.home / "privacy.key").read_text() == (first.home / "privacy.key").read_text()


def test_the_status_names_who_leads_and_no_process_that_only_lives(two: tuple[Settings, Settings]) -> None:
    settings, other = two
    address = lake_address(settings)
    seen(address, other.home, "pages")
    leases = [take_lease(address, name, "db1") for name in ("sync", f"{PROCESS_THAT_SENDS}db1/4f")]
    status = read_fleet_status(settings)
    for lease in leases:
        assert isinstance(lease, HeldLease)
        lease.release()
    assert [(lease.name, lease.machine, lease.term, lease.is_held) for lease in status.leases] == [
        ("sync", "db1", 1, True)
    ]
    assert [(machine.home, machine.roles) for machine in status.machines] == [(str(other.home), "pages")]
    assert status.gone == []
    assert json.loads(json.dumps(status.as_dict(), default=str))["leaders"][0]["name"] == "sync"
    assert read_fleet_status(settings).leases[0].is_held is False
