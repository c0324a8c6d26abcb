"""The file of people: private, whole, hashed; and the commands that write it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.lake import open_lake
from workbench.server.access.users import Users
from workbench.settings import load_settings

PASSWORD = "correct horse battery"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    found = Users(tmp_path)
    found.add("Ana", "admin", PASSWORD)
    return found


def test_the_right_password_and_no_other(users: Users) -> None:
    found = users.check(" ANA ", PASSWORD)
    assert found is not None
    assert (found.name, found.role) == ("ana", "admin")
    assert users.check("ana", PASSWORD + " ") is None
    assert users.check("ana", "") is None
    assert users.check("bo", PASSWORD) is None


def test_the_file_holds_argon2_and_is_private(users: Users) -> None:
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    text = users.path.read_text()
    assert "$argon2id$" in text
    assert PASSWORD not in text
    assert "argon2" not in repr(users.all()["ana"])
    users.path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Users(users.path.parent).all()


def test_another_process_sees_changes_at_once(users: Users) -> None:
    other = Users(users.path.parent)
    proof = other.all()["ana"].proof
    users.set_password("ana", "another horse battery")
    assert other.all()["ana"].proof != proof
    assert other.check("ana", PASSWORD) is None
    users.remove("ana")
    assert other.all() == {}


@pytest.mark.parametrize(
    ("name", "role", "password", "message"),
    [
        ("a b", "admin", PASSWORD, "cannot be a user's name"),
        ('x"]\n[y', "admin", PASSWORD, "cannot be a user's name"),
        ("bo", "root", PASSWORD, "No role named 'root'"),
        ("bo", "agent", "short", "has 5 characters; 12 to 512"),
        ("bo", "agent", "aaaaaaaaaaaaaaaa", "too easy"),
        ("bobby", "agent", "Bobby is the best", "too easy"),
        ("ana", "agent", PASSWORD, "a user 'ana' already"),
    ],
)
def test_what_is_refused_changes_nothing(
    users: Users, name: str, role: str, password: str, message: str
) -> None:
    before = users.path.read_text()
    with pytest.raises(UsageError, match=message):
        users.add(name, role, password)
    assert users.path.read_text() == before


def test_unknown_people_are_named(users: Users) -> None:
    with pytest.raises(UnknownName, match="Known: ana"):
        users.remove("bo")


def run(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", "users", *arguments],
        env={"WORKBENCH_HOME": str(home), "PATH": "/usr/bin"},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_commands_write_the_file_and_the_audit_trail(tmp_path: Path) -> None:
    added = run(tmp_path, "add", "ana", "--role", "agent", stdin=PASSWORD + "\n")
    assert (added.returncode, added.stderr) == (0, "ana may sign in, as agent.\n")
    assert run(tmp_path, "passwd", "ana", stdin="another horse battery\n").returncode == 0
    assert "ana" in run(tmp_path, "list").stdout
    nothing = run(tmp_path, "add", "bo", "--role", "agent")
    assert (nothing.returncode, nothing.stderr[:27]) == (2, "Error: There is no password")
    assert run(tmp_path, "remove", "bo").returncode == 2
    assert run(tmp_path, "remove", "ana").returncode == 0
    assert Users(tmp_path).all() == {}
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path)})) as lake:
        actions = lake.rows(
            "select action, json_extract_string(detail, 'user') from audit_events order by seq"
        )
    assert actions == [("user-added", "ana"), ("user-password-set", "ana"), ("user-removed", "ana")]
