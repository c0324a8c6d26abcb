"""The commands about history: reconcile, import, bulk export; what they print and how they exit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from workbench.lake import open_lake
from workbench.settings import load_settings
from workbench.simulator import Server

TWO_DAYS_AGO = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


def lose_a_message(home: Path) -> str:
    """Take one message of two days ago out of the lake behind the sync's back."""
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        (sid,) = lake.rows(
            "select min(message_sid) from raw_messages where status = 'delivered' "
            "and cast(date_sent as date) = ?",
            [TWO_DAYS_AGO],
        )[0]
        lake.write(
            lambda cursor: cursor.execute("delete from raw_messages where message_sid = ?", [sid]) and None
        )
    return str(sid)


def test_reconcile_is_clean_then_red_then_repaired(run: Run, home: Path) -> None:
    assert run("sync", "--since", TWO_DAYS_AGO).returncode == 0
    clean = run("reconcile", "--since", TWO_DAYS_AGO)
    assert clean.returncode == 0, clean.stderr + clean.stdout
    assert "Reconciled: " in clean.stdout

    sid = lose_a_message(home)
    red = run("reconcile", "--since", TWO_DAYS_AGO)
    assert red.returncode == 1
    assert "it was there when the day was last read" in red.stdout
    assert sid in red.stdout
    assert "Not reconciled: 1 difference has no explanation. `workbench reconcile --repair`" in red.stdout

    as_json = run("reconcile", "--since", TWO_DAYS_AGO, "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)["unexplained"]) == (1, 1)

    repaired = run("reconcile", "--since", TWO_DAYS_AGO, "--repair")
    assert repaired.returncode == 0, repaired.stdout
    assert "Reconciled: " in repaired.stdout
    asked = run("sql", f"select count(*) as n from messages where message_sid = '{sid}'", "--format", "json")
    assert json.loads(asked.stdout) == [{"n": 1}]
    gaps = run("sql", "from gaps where reason = 'unexplained'", "--format", "json")
    assert json.loads(gaps.stdout) == []


LINE: dict[str, object] = {
    "sid": "SM" + "1" * 32, "account_sid": "", "direction": "outbound-api", "status": "delivered",
    "from": "+12025550110", "to": "+14155552671", "body": "Your code is 1", "num_segments": "1",
    "num_media": "0", "price": "-0.0079", "error_code": None, "flags": [],
    "date_created": "2024-05-01T10:00:00Z", "date_sent": "2024-05-01T10:00:01Z",
    "date_updated": "2024-05-01T10:00:05Z", "messaging_service_sid": None,
}  # fmt: skip


def test_import_names_what_it_could_not_use(run: Run, server: Server, tmp_path: Path) -> None:
    good = json.dumps({**LINE, "account_sid": server.account.account_sid})
    file = tmp_path / "old.json"
    file.write_text(good + "\n")
    first = run("import", str(file), "--currency", "usd")
    assert first.returncode == 0, first.stderr
    assert "1 messages in 1 file, 2024-05-01 to 2024-05-01 (GMT)" in first.stdout
    assert "1 new, 0 changed" in first.stdout
    again = json.loads(run("import", str(file), "--currency", "usd", "--json").stdout)
    assert (again["added"], again["changed"], again["kept"]) == (0, 0, 1)
    asked = run("sql", "select spend, currency, country from messages", "--format", "json")
    assert json.loads(asked.stdout) == [{"spend": 0.0079, "currency": "USD", "country": "US"}]

    file.write_text(good + "\nnot a message\n")
    bad = run("import", str(file))
    assert bad.returncode == 1
    assert "old.json, line 2:" in bad.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["sync", "--create-job"], "--bulk-export"),
        (["sync", "--bulk-export", "--watch", "5m"], "--watch"),
        (["sync", "--bulk-export", "--create-job"], "--since"),
        (["import"], "FILES"),
        (["import", "nowhere.json"], "nowhere.json"),
        (["reconcile", "--since", "soon"], "'soon'"),
        (["reconcile", "--since", "2999-01-01"], "2999-01-01"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_clear_line(run: Run, arguments: list[str], named: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_an_account_without_bulk_exports_says_so(run: Run) -> None:
    done = run("sync", "--bulk-export")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_a_lake_keeps_the_privacy_it_began_with(run: Run, home: Path) -> None:
    assert run("sync", "--since", TWO_DAYS_AGO, WORKBENCH_PRIVACY="hashed").returncode == 0
    asked = run(
        "sql", "select count(body) as bodies, bool_and(contact like '%anon-%') as hashed from messages",
        "--format", "json",
    )  # fmt: skip
    assert json.loads(asked.stdout) == [{"bodies": 0, "hashed": True}]
    assert (home / "privacy.key").stat().st_mode & 0o777 == 0o600
    changed = run("sync", "--since", TWO_DAYS_AGO)
    assert (changed.returncode, "hashed" in changed.stderr) == (2, True), changed.stderr
    assert run("sync", WORKBENCH_PRIVACY="secretive").returncode == 2
    clean = run("reconcile", "--since", TWO_DAYS_AGO, WORKBENCH_PRIVACY="hashed")
    assert clean.returncode == 0, clean.stdout
