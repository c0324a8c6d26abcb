"""What the commands print, where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run
from workbench.cli import main
from workbench.lake.lock import only_one
from workbench.simulator import Server

TWO_DAYS_AGO = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
NOT_CAUGHT = "Traceback (most recent call last)"


def counted(server: Server) -> int:
    """How many messages the account lists since two days ago."""
    account, count = server.account, 0
    uri = f"/2010-04-01/Accounts/{account.account_sid}/Messages.json?PageSize=1000&DateSent%3E={TWO_DAYS_AGO}"
    with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
        while uri:
            page = http.get(uri).raise_for_status().json()
            count, uri = count + len(page["messages"]), page["next_page_uri"]
    return count


def test_sync_then_ask(run: Run, server: Server, environ: dict[str, str], tmp_path: Path) -> None:
    """The first quarter of an hour of a new user, on the command line."""
    synced = run("sync", "--since", TWO_DAYS_AGO, "--json")
    assert synced.returncode == 0, synced.stderr
    summary = json.loads(synced.stdout)
    assert summary["account_sid"] == server.account.account_sid
    # The account lives on while we look: a few more may have come since.
    assert counted(server) - 10 <= summary["added"] <= counted(server)

    asked = run(
        "sql",
        "select status, count(*) as n, sum(spend) as spend from messages group by 1",
        "--format",
        "json",
    )
    rows = json.loads(asked.stdout)
    assert sum(row["n"] for row in rows) == summary["added"]
    assert {"status", "n", "spend"} == set(rows[0])

    as_csv = run(
        "sql", "select direction, count(*) as n from messages group by 1 order by 1", "--format", "csv"
    )
    assert next(csv.DictReader(io.StringIO(as_csv.stdout)))["direction"] == "inbound"

    (tmp_path / "m.parquet").write_bytes(
        subprocess.run(
            [sys.executable, "-m", "workbench", "sql", "from messages", "--format", "parquet"],
            env=environ,
            capture_output=True,
            check=True,
        ).stdout
    )
    assert pq.read_table(tmp_path / "m.parquet").num_rows == summary["added"]

    metric = run("metric", "delivery_rate", "--by", "day,sender", "--where", "country=US", "--format", "json")
    first = json.loads(metric.stdout)[0]
    assert list(first) == ["day", "sender", "sender_name", "delivery_rate", "sample_size", "in_flight"]

    table = run("metric", "spend", "--by", "country")
    assert "as of" in table.stderr
    assert table.stdout.splitlines()[0].split() == ["country", "currency", "spend", "priced_share"]

    status = json.loads(run("status", "--json").stdout)
    assert status["freshness"]["messages"] == summary["added"]
    assert status["sync"]["last_run"]["outcome"] == "done"
    assert "complete through" in run("status").stdout


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "named"),
    [
        (["sync", "--since", "yesterday"], {}, 2, "'yesterday'"),
        (["sync", "--since", "2026-09-05", "--until", "2026-09-05"], {}, 2, "before"),
        (["sync"], {"TWILIO_AUTH_TOKEN": "wrong"}, 2, "20003"),
        (["sync"], {"TWILIO_ACCOUNT_SID": None}, 2, "workbench init"),
        (["sync"], {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32}, 2, "20003"),
        (["sync"], {"WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9"}, 3, "http://127.0.0.1:9"),
        (["sync"], {"WORKBENCH_TWILIO_BASE_URL": "nonsense"}, 2, "'nonsense'"),
        (["sync"], {"WORKBENCH_LAKE": "mysql:x"}, 2, "postgres:"),
        (["status"], {}, 1, "workbench sync"),
        (["metric", "delivry_rate"], {}, 2, "Did you mean 'delivery_rate'"),
        (["metric", "messages", "--by", "planet"], {}, 2, "Known: account, batch, boundary"),
        (["metric", "messages", "--where", "country"], {}, 2, "country=US"),
        (["metric", "messages", "--since", "soon"], {}, 2, "'soon'"),
        (["sql", "select 1"], {"WORKBENCH_TIMEZONE": "Nowhere"}, 2, "'Nowhere'"),
        (["sql", "select 1", "--format", "xml"], {}, 2, "parquet"),
        (["serve", "--host", "0.0.0.0"], {}, 2, "0.0.0.0"),
        (["nonsense"], {}, 2, "nonsense"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(
    run: Run, server: Server, arguments: list[str], changes: dict[str, str | None], code: int, named: str
) -> None:
    done = run(*arguments, **changes)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert named in done.stderr
    assert NOT_CAUGHT not in done.stderr
    assert server.account.auth_token not in done.stderr


def test_wrong_sql_names_what_is_wrong(run: Run) -> None:
    assert run("sync", "--since", TWO_DAYS_AGO).returncode == 0
    for query, named in [
        ("selec 1", "selec"),
        ("from nothing", "nothing"),
        ("delete from raw_messages", "only read"),
    ]:
        done = run("sql", query)
        assert (done.returncode, named in done.stderr) == (2, True), done.stderr


def test_debug_shows_the_traceback_without_the_secret(run: Run, server: Server) -> None:
    done = run("--debug", "sync", TWILIO_AUTH_TOKEN="a-wrong-token")
    assert NOT_CAUGHT in done.stderr
    assert "a-wrong-token" not in done.stderr


def test_a_closed_pipe_is_no_error(environ: dict[str, str], run: Run) -> None:
    assert run("sync", "--since", TWO_DAYS_AGO).returncode == 0
    command = f"{sys.executable} -m workbench sql 'from range(200000)' --format csv | head -1"
    done = subprocess.run(["bash", "-c", command], env=environ, capture_output=True, text=True)
    assert done.stdout == "range\n"
    assert done.stderr == ""


@pytest.mark.parametrize("command", [None, *main.commands])
def test_help_loads_nothing_heavy(command: str | None) -> None:
    arguments = [command, "--help"] if command else ["--help"]
    code = (
        "import sys, click\n"
        "from workbench.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'panel', 'pandas', 'plotly', 'twilio', 'duckdb', 'httpx', 'pyarrow', 'tornado'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")


def test_init_checks_then_writes_private_credentials(run: Run, home: Path, server: Server) -> None:
    account = server.account
    asked = ["init", "--api-key", account.api_key, "--timezone", "Europe/Berlin"]
    done = run(*asked, TWILIO_API_SECRET=account.api_secret)
    assert done.returncode == 0, done.stderr
    assert (home / "credentials.toml").stat().st_mode & 0o777 == 0o600
    assert account.api_secret in (home / "credentials.toml").read_text()
    assert account.api_secret not in (home / "workbench.toml").read_text() + done.stdout + done.stderr
    bare = {"TWILIO_ACCOUNT_SID": None, "TWILIO_AUTH_TOKEN": None}
    synced = run("sync", "--since", TWO_DAYS_AGO, "--json", **bare)
    assert synced.returncode == 0, synced.stderr
    assert run("init", TWILIO_ACCOUNT_SID="AC" + "5" * 32).returncode == 2


def test_init_writes_nothing_when_the_account_refuses(run: Run, home: Path) -> None:
    done = run("init", TWILIO_AUTH_TOKEN="not-it")
    assert done.returncode == 2
    assert "20003" in done.stderr
    assert not home.exists()


def test_init_leaves_secrets_to_the_environment_if_asked(run: Run, home: Path, server: Server) -> None:
    assert run("init", "--credentials", "environment").returncode == 0
    files = {path.name for path in home.iterdir()}
    assert files == {"workbench.toml"}
    assert server.account.auth_token not in (home / "workbench.toml").read_text()


def test_a_second_sync_at_once_names_the_first(run: Run, home: Path) -> None:
    with only_one(home / "sync.lock", "sync"):
        done = run("sync", "--since", TWO_DAYS_AGO)
    assert done.returncode == 3
    assert "Another sync is running" in done.stderr
