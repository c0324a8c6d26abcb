"""What `[retention]` removes is gone from the lake, stays away, and is no gap when compared with Twilio."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.compliance.conftest import environment
from tests.lakes import lake_of
from tests.messages import ACCOUNT
from workbench.api import Workbench
from workbench.api.jobs import run_job
from workbench.compliance.retention import retention_rules, run_retention
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.errors import ConfigError
from workbench.lake import Lake
from workbench.settings import RetentionSettings, load_settings
from workbench.simulator import Account, Clock, Options, Server, serve
from workbench.simulator.account.truth import truth_rows

START, NOW = date(2026, 9, 1), datetime(2026, 9, 14, 15, 30, tzinfo=UTC)
BODIES_BEFORE, MESSAGES_BEFORE = datetime(2026, 9, 11, tzinfo=UTC), datetime(2026, 9, 6, tzinfo=UTC)
"""Three and eight days before `NOW`, from midnight on."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(start=START, days=14, messages=1400, clock=Clock.frozen(NOW))
    with serve(account, options=Options(concurrency_limit=None)) as running:
        yield running
    account.close()


@pytest.fixture(scope="module")
def wb(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Workbench]:
    home = tmp_path_factory.mktemp("retention") / "home"
    with Workbench(load_settings(environment(home, server))) as opened:
        opened.sync(since=START)
        rules = retention_rules(RetentionSettings(bodies=3, messages=8))
        counted = run_retention(lake_of(opened), rules, "local:test", confirm=False, now=NOW)
        assert counted["rows"].gt(0).all()
        assert sids_in_lake(opened) == true_sids(server)
        done = run_retention(lake_of(opened), rules, "local:test", confirm=True, now=NOW)
        assert list(done["rows"]) == list(counted["rows"])
        yield opened


def created(server: Server) -> dict[str, datetime]:
    account = server.account
    return {
        str(row["sid"]): parsedate_to_datetime(row["date_created"])
        for row in truth_rows(account.ledgers[0], account.now())
    }


def true_sids(server: Server, since: datetime | None = None) -> set[str]:
    return {sid for sid, at in created(server).items() if since is None or at >= since}


def sids_in_lake(wb: Workbench) -> set[str]:
    return {sid for (sid,) in lake_of(wb).rows("select message_sid from raw_messages")}


def test_what_is_too_old_is_gone_and_the_rest_is_there(wb: Workbench, server: Server) -> None:
    assert sids_in_lake(wb) == true_sids(server, MESSAGES_BEFORE)
    with_text = lake_of(wb).rows(
        "select min(date_created), count(*) from raw_messages where body is not null"
    )
    assert with_text[0][0] >= BODIES_BEFORE
    assert with_text[0][1] > 100


def test_reading_the_list_again_brings_nothing_back(wb: Workbench, server: Server) -> None:
    wb.sync(since=START, full=True)
    assert sids_in_lake(wb) == true_sids(server, MESSAGES_BEFORE)
    oldest = lake_of(wb).value("select min(date_created) from raw_messages where body is not null")
    assert oldest >= BODIES_BEFORE


def test_a_comparison_with_twilio_says_that_we_removed_it(wb: Workbench) -> None:
    report = wb.reconcile(since=START, until=date(2026, 9, 13))
    assert report.unexplained == 0
    removed = {gap.day for gap in report.gaps if gap.reason == "own_retention"}
    assert removed == {date(2026, 9, day) for day in range(1, 7)}
    assert not [gap for gap in report.gaps if gap.kind == "body"]


def test_running_it_again_leaves_no_second_trace(wb: Workbench) -> None:
    rules = retention_rules(RetentionSettings(bodies=3, messages=8))
    done = run_retention(lake_of(wb), rules, "local:test", confirm=True, now=NOW)
    assert list(done["rows"]) == [0, 0]
    assert len(wb.audit.show(action="retention")) == 1


def test_the_job_of_the_schedule_applies_the_settings(tmp_path: Path, server: Server) -> None:
    home = tmp_path / "home"
    settings = load_settings(environment(home, server))
    with Workbench(settings) as wb:
        lake_of(wb)
        assert run_job(wb._installation, "retention").detail == "nothing: workbench.toml has no [retention]"
    (home / "workbench.toml").write_text("[retention]\nbodies = 10\nalerts = 20\n")
    with Workbench(load_settings(environment(home, server))) as wb:
        wb.sync(since=START)
        texts = lake_of(wb).value("select count(*) from raw_messages where body is not null")
        run = run_job(wb._installation, "retention")
        assert (run.outcome, run.detail) == ("done", f"{texts:,} bodies, 0 alerts removed")
        assert lake_of(wb).value("select count(*) from raw_messages where body is not null") == 0


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({"bodies": 3}, [0, 2]),
        ({"messages": 8}, [0, 2, 4]),
        ({"bodies": 3, "messages": 8}, [0, 2]),
        ({"alerts": 1, "status_events": 1}, [0, 2, 4, 9]),
    ],
    ids=str,
)
def test_drafts_go_with_the_texts_of_messages(
    lake: Lake, home: Path, rules: dict[str, int], kept: list[int]
) -> None:
    drafts = DraftStore(home)
    for days in (0, 2, 4, 9):
        draft = ReplyDraft("user:ana", f"CW{days:024d}", "+12065550142", "Dear Ana")
        drafts.save(draft)
        at = (NOW - timedelta(days=days)).timestamp()
        os.utime(drafts._path(draft.person, draft.conversation_id), (at, at))
    applied = retention_rules(RetentionSettings(**rules))
    run_retention(lake, applied, "local:test", confirm=False, now=NOW)
    assert len(drafts.conversations_of("user:ana")) == 4
    run_retention(lake, applied, "local:test", confirm=True, now=NOW)
    assert sorted(drafts.conversations_of("user:ana")) == [f"CW{days:024d}" for days in kept]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("texts = 3", "has no setting 'texts'. Allowed: bodies, messages, alerts, status_events"),
        ("bodies = 0", "bodies is 0; write a whole number of days from 1 to 36500"),
        ("bodies = 9\nmessages = 8", "a text cannot outlive its message"),
    ],
)
def test_impossible_rules_are_refused(tmp_path: Path, section: str, said: str) -> None:
    (tmp_path / "workbench.toml").write_text(f"[retention]\n{section}\n")
    with pytest.raises(ConfigError, match=said):
        load_settings({"WORKBENCH_HOME": str(tmp_path)})


@pytest.mark.parametrize("rule", ["bodies", "messages"])
def test_a_text_that_could_not_be_read_is_gone_from_the_files_too(lake: Lake, home: Path, rule: str) -> None:
    """Also when no message is old enough: nothing else takes it out of the catalog's free pages."""
    old = datetime(2026, 5, 1, tzinfo=UTC)
    values = [
        "messages",
        ACCOUNT,
        "key",
        "",
        "cannot be read",
        '{"body": "the gate code is 7741"}',
        old,
        old,
        1,
    ]
    lake.write(
        lambda cursor: cursor.execute(
            "insert into quarantined_rows (resource, account_sid, row_key, part, reason, raw_value, "
            "first_seen_at, last_seen_at, times) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    )
    rules = retention_rules(RetentionSettings(**{rule: 90}))
    run_retention(lake, rules, "local:test", confirm=True, now=NOW)
    assert lake.rows("select raw_value from quarantined_rows where raw_value is not null") == []
    assert [path for path in home.rglob("*") if path.is_file() and b"gate code" in path.read_bytes()] == []
    run_retention(lake, rules, "local:test", confirm=True, now=NOW)
    assert len(lake.rows("from removals")) == 1
