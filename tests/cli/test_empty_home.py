"""Nothing unknown is answered with 0: on a home without a message log, what reads refuses and makes none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.readme_tables import all_commands
from workbench import NothingKnown, Workbench
from workbench.api.jobs import JOBS
from workbench.cli import main
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve

NUMBER = "+14155551234"
SID = "SM11111111111111111111111111111111"

#: Arguments of every command that answers from the lake.
READS: dict[str, list[str]] = {
    "alerts history": [],
    "alerts list": [],
    "alerts mute": ["failure-rate"],
    "alerts run": [],
    "alerts unmute": ["failure-rate"],
    "audit show": [],
    "audit verify": [],
    "backup": ["../backups"],
    "campaigns compare": ["T0123456789ab", "T0123456789ac"],
    "campaigns list": [],
    "campaigns show": ["T0123456789ab"],
    "compliance counts": [],
    "compliance rows": ["after-opt-out"],
    "consent blocked": [],
    "consent decide": [SID, "opt-out"],
    "consent export": ["--out", "consent.csv"],
    "consent push": [],
    "consent remove": [NUMBER, "--because", "their letter"],
    "consent revocations": [],
    "consent show": [NUMBER],
    "consent undo": [SID],
    "contacts changes": [],
    "contacts export": ["--out", "contacts.csv"],
    "contacts list": [],
    "contacts undo": ["abc"],
    "conversation": [NUMBER],
    "conversations": [],
    "events deliveries": [],
    "events list": [],
    "events replay": ["shop"],
    "events webhooks": [],
    "explore": ["messages"],
    "export": ["--to", "lake.duckdb"],
    "lake compact": [],
    "lake info": [],
    "lake move": ["--to", "sqlite:elsewhere.sqlite"],
    "metric": ["messages"],
    "what-if": [],
    "notifications run": [],
    "notifications set": ["--messages", "all"],
    "notifications show": [],
    "notifications test": [],
    "outbox list": [],
    "outbox release": ["--confirm"],
    "outbox settle": [],
    "reconcile": [],
    "reply": [NUMBER, "--body", "Hi"],
    "reports due": [],
    "reports run": ["cost"],
    "retention run": [],
    "rules disable": ["mine"],
    "rules enable": ["mine"],
    "rules history": [],
    "rules list": [],
    "rules test": [],
    "sql": ["select count(*) from messages"],
    "status": [],
    "subject erase": [NUMBER],
    "subject export": [NUMBER, "--out", "person"],
    "subject readmit": [NUMBER, "--because", "their letter", "--confirm"],
    "views show": ["mine"],
}  # fmt: skip

#: Commands that bring something into a lake, and so make one.
BRINGS: dict[str, list[str] | None] = {
    "consent import": ["people.csv"],
    "consent record": [NUMBER, "opt-out", "--source", "phone call"],
    "contacts edit": [NUMBER, "--name", "Ann"],
    "contacts import": ["names.csv"],
    "contacts merge": [NUMBER, "+14155551235"],
    "tokens create": ["shop", "--role", "viewer"],
    # These need an account, servers or a terminal; they have tests of their own.
    "alerts test": None, "connect": None, "demo": None, "events test": None, "init": None,
    "outbox cancel": None,
    "schedule run": None, "serve": None, "restore": None, "send": None, "send-batch": None, "simulate": None,
    "mcp serve": None, "sync": None, "sync import": None,
}  # fmt: skip

#: Commands that answer from the program, the settings or the files of a home.
WITHOUT_LAKE = {
    "config check", "config show", "config template", "dimensions", "doctor", "explain", "fleet init",
    "fleet join", "fleet push", "fleet rekey", "fleet status", "fleet take", "mcp install",
    "metrics", "new dimension", "new metric", "new page", "new report", "new template", "reports list",
    "reports schedule", "reports send", "schedule print", "segments", "templates list", "templates remove",
    "templates save", "templates show",
    "tokens list", "tokens revoke", "upgrade", "users add", "users list", "users passwd", "users remove",
    "views delete", "views edit", "views list", "views restore", "views save", "views subscribe",
    "views subscriptions", "views unsubscribe",
}  # fmt: skip

#: What a lake knows by itself before it has a message log: its own doings, and what somebody typed.
KNOWN_WITHOUT_LOG = {
    "alerts history", "alerts list", "alerts mute", "alerts run", "alerts unmute", "audit show",
    "audit verify", "backup", "consent push", "contacts changes", "events deliveries", "events list",
    "events replay", "events webhooks", "lake compact", "lake info", "lake move", "notifications run",
    "notifications set", "notifications show", "notifications test", "outbox list", "outbox settle",
    "reconcile", "retention run", "rules disable", "rules enable", "rules history", "rules list", "sql",
    "status",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "workbench.toml").write_text(
        '[retention]\nbodies = 90\n[[rules]]\nname = "mine"\nwhen = "message_received"\n'
        'then = { label = ["x"] }\n'
    )
    (home / "views").mkdir()
    (home / "views" / "mine.toml").write_text(
        'title = "Mine"\nowner = "ana"\nshared = true\n[values]\nmetric = ["messages"]\n'
    )
    (tmp_path / "people.csv").write_text(f"address,kind,scope\n{NUMBER},opt-out,*\n")
    (tmp_path / "names.csv").write_text(f"address,name\n{NUMBER},Ann\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    monkeypatch.setenv("WORKBENCH_TWILIO_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "a" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "b" * 32)
    return home


def run(command: str, arguments: list[str]) -> Result:
    return CliRunner().invoke(main, [*command.split(), *arguments])


def test_every_command_is_one_of_these() -> None:
    assert sorted([*READS, *BRINGS, *WITHOUT_LAKE]) == sorted(all_commands(main))


@pytest.mark.parametrize("command", READS)
def test_a_command_that_reads_refuses_without_a_lake_and_makes_none(
    command: str, home: Path, tmp_path: Path
) -> None:
    answer = run(command, READS[command])
    assert answer.exit_code == 1, answer.output
    assert f"There is no lake at {home}/lake/catalog.sqlite yet" in answer.stderr
    for way_out in ("workbench sync", "sync import FILE", "workbench init", "workbench demo"):
        assert way_out in answer.stderr
    assert answer.stdout == ""
    assert sorted(path.name for path in home.iterdir()) == ["views", "workbench.toml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "names.csv", "people.csv"]


@pytest.mark.parametrize("command", sorted(set(READS) - KNOWN_WITHOUT_LOG))
def test_a_lake_that_was_begun_and_has_no_log_is_not_answered_with_0_either(
    command: str, home: Path, tmp_path: Path
) -> None:
    open_lake(load_settings()).close()
    answer = run(command, READS[command])
    assert answer.exit_code != 0, answer.output
    assert not (tmp_path / "contacts.csv").exists()
    assert not (tmp_path / "consent.csv").exists()
    # These name one thing, which is not there.
    if command not in (
        "consent decide", "consent remove", "consent undo", "contacts undo", "outbox release",
        "subject readmit",
    ):  # fmt: skip
        assert "No message log was ever read into the lake" in answer.stderr
        assert answer.stdout == ""


@pytest.mark.parametrize("command", [name for name, arguments in BRINGS.items() if arguments])
def test_a_command_that_brings_something_begins_a_lake(command: str, home: Path) -> None:
    answer = run(command, BRINGS[command] or [])
    assert answer.exit_code == 0, answer.output
    assert (home / "lake" / "catalog.sqlite").stat().st_size > 0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=1, messages=100)
    with serve(account) as running:
        yield running
    account.close()


#: Commands that were to bring something in, and what they lack: the word in their error.
FAILED_BRINGS = [
    ("send", ["--to", NUMBER, "--body", "Hi", "--confirm"], "credentials"),
    ("send-batch", ["people.csv", "--body", "Hi", "--confirm", "1"], "credentials"),
    ("outbox cancel", [SID], "credentials"),
    ("sync", [], "token"),
    ("sync", ["--bulk-export"], "token"),
    ("sync import", ["names.csv"], "names.csv"),
    *(("schedule run", [job], "token" if job == "sync" else "There is no lake") for job in JOBS),
]


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    FAILED_BRINGS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_that_brings_nothing_after_all_begins_no_lake(
    command: str,
    arguments: list[str],
    reason: str,
    home: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_TWILIO_BASE_URL", server.url)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", server.account.account_sid)
    if reason == "credentials":
        monkeypatch.delenv("TWILIO_ACCOUNT_SID")
        monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    answer = run(command, arguments)
    assert answer.exit_code in (1, 2), answer.output
    assert reason in answer.stderr
    assert not (home / "lake" / "catalog.sqlite").exists()
    assert "There is no lake" in run("status", []).stderr


def test_a_first_sync_as_a_job_begins_one_and_is_noted(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_TWILIO_BASE_URL", server.url)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", server.account.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", server.account.auth_token)
    assert run("schedule run", ["sync"]).exit_code == 0
    assert "job sync" in run("status", []).stdout


def test_a_lake_that_was_begun_and_has_no_log_has_no_count_of_messages(home: Path) -> None:
    open_lake(load_settings()).close()
    shown = run("status", [])
    assert shown.exit_code == 0
    assert "not known: no message log was ever read into this lake" in shown.stdout
    assert "in flight" not in shown.stdout
    assert json.loads(run("status", ["--format", "json"]).stdout)["freshness"] is None
    assert "how often it happened here" not in run("explain", ["30007"]).stdout


def test_what_was_imported_is_listed_without_a_log(home: Path) -> None:
    assert run("contacts edit", [NUMBER, "--name", "Ann"]).exit_code == 0
    assert "Ann" in run("contacts list", []).stdout
    assert run("consent import", ["people.csv", "--confirm"]).exit_code == 0
    blocked = run("consent blocked", ["--format", "csv"])
    assert blocked.exit_code == 0
    assert "+1415***1234" in blocked.stdout
    assert "No message log was ever read" in run("metric", ["messages"]).stderr


@pytest.mark.parametrize(
    "call",
    [
        lambda wb: wb.inbox(),
        lambda wb: wb.outbox.preflight(NUMBER, "Hi"),
        lambda wb: wb.outbox.composer(pd.DataFrame({"to": [NUMBER]})),
        lambda wb: wb.conversations(),
        lambda wb: wb.compliance.counts(),
        lambda wb: wb.contacts.list(),
        lambda wb: wb.reports.run("cost"),
    ],
)
def test_a_notebook_call_refuses_and_makes_no_lake(call: Callable[[Workbench], object], home: Path) -> None:
    with Workbench() as wb, pytest.raises(NothingKnown, match="There is no lake at"):
        call(wb)
    assert sorted(path.name for path in home.iterdir()) == ["views", "workbench.toml"]


def test_an_empty_file_at_the_catalogs_place_is_no_lake(home: Path) -> None:
    (home / "lake").mkdir()
    catalog = home / "lake" / "catalog.sqlite"
    catalog.touch()
    assert "There is no lake" in run("metric", ["messages"]).stderr
    assert catalog.stat().st_size == 0
