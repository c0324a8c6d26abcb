"""What is measured of syncs, webhooks, jobs, the doctor's findings, the budget and open questions."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from tests.alerts.conftest import NOW, Traffic
from workbench.alerts.built_in_rules import BUILT_IN
from workbench.alerts.judge import judge
from workbench.alerts.run import look
from workbench.alerts.states import WatchedInstallation, measure_state
from workbench.lake import Lake
from workbench.lake.alerts import read_looks
from workbench.lake.health import HealthState, save_health
from workbench.lake.jobs import JobRun, begin_job_run
from workbench.lake.save_rows import save_rows
from workbench.metrics.coverage import read_coverage
from workbench.settings import load_settings

HOUR = timedelta(hours=1)


def verdicts(lake: Lake, home: Path, rule: str, now: datetime) -> dict[str, str]:
    """Subject → bad, good or unknown."""
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    installation = WatchedInstallation(lake, settings, read_coverage(lake, now), now)
    measured = measure_state(BUILT_IN[rule], installation)
    return {each.subject: judge(BUILT_IN[rule], each).state for each in measured}


def write_settings(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(text)


def test_the_sync(lake: Lake, home: Path, traffic: Traffic) -> None:
    assert verdicts(lake, home, "sync-silent", NOW) == {}  # none yet: nothing was lost
    traffic.synced(NOW)
    assert verdicts(lake, home, "sync-silent", NOW + timedelta(minutes=29)) == {"": "good"}
    assert verdicts(lake, home, "sync-silent", NOW + timedelta(minutes=31)) == {"": "bad"}
    write_settings(home, '[schedule]\nsync = "2h"\n')
    assert verdicts(lake, home, "sync-silent", NOW + 5 * HOUR) == {"": "good"}
    assert verdicts(lake, home, "sync-silent", NOW + 7 * HOUR) == {"": "bad"}
    write_settings(home, '[schedule]\nsync = "off"\n')
    assert verdicts(lake, home, "sync-silent", NOW + 99 * HOUR) == {}


def test_the_webhooks(lake: Lake, home: Path, traffic: Traffic) -> None:
    write_settings(home, 'public_url = "https://sms.example.com"\n')
    traffic.messages(NOW - 3 * HOUR, delivered=100)
    events = [
        {
            "message_sid": f"SM{number:032x}", "account_sid": "AC" + "0" * 32, "status": "delivered",
            "error_code": None, "source": "callback", "received_at": NOW - 3 * HOUR + timedelta(minutes=10),
        }
        for number in range(1, 101)
    ]  # fmt: skip
    lake.write(lambda cursor: save_rows(cursor, "status_events", events, key=("message_sid", "source")))
    traffic.synced(NOW)
    # Nothing was sent since, so there is nothing to hear.
    assert verdicts(lake, home, "webhooks-silent", NOW) == {"": "good"}
    traffic.messages(NOW - HOUR, delivered=50)
    traffic.synced(NOW + timedelta(minutes=1))
    assert verdicts(lake, home, "webhooks-silent", NOW + timedelta(minutes=1)) == {"": "bad"}
    write_settings(home, "")
    assert verdicts(lake, home, "webhooks-silent", NOW) == {}


def test_jobs_and_what_the_doctor_found(lake: Lake, home: Path) -> None:
    begin_job_run(lake, JobRun("1", "reports", NOW, NOW, "failed", None, "no printer"))
    begin_job_run(lake, JobRun("2", "sync", NOW, NOW, "done"))
    assert verdicts(lake, home, "job-failed", NOW) == {"job=reports": "bad"}

    def found(check: str, subject: str, state: str) -> HealthState:
        return HealthState(check, subject, state, "It is so.", "Mend it.", "", NOW, NOW)

    states = [
        found("balance", "", "warning"),
        found("sms-capable", "+12025550110", "failure"),
        found("sms-capable", "+12025550111", "failure"),
        found("registration", "", "warning"),
        found("jobs", "reports", "failure"),
    ]
    save_health(lake, states)
    assert verdicts(lake, home, "balance-low", NOW) == {"": "bad"}
    assert verdicts(lake, home, "health", NOW) == {"check=sms-capable": "bad"}
    # Nobody examined it for a day: nothing is known.
    assert verdicts(lake, home, "balance-low", NOW + 25 * HOUR) == {}
    save_health(lake, [found("balance", "", "fine")])
    assert verdicts(lake, home, "balance-low", NOW) == {"": "good"}


def test_the_budget_is_looked_at_seldom(lake: Lake, home: Path, traffic: Traffic) -> None:
    for days in range(20):
        traffic.messages(NOW - timedelta(days=days), delivered=10, price="-1.00000")
    traffic.synced(NOW)
    assert verdicts(lake, home, "budget", NOW) == {}
    for budget, state in (("150.00", "bad"), ("250.00", "good")):  # 200 USD are spent
        write_settings(home, f'[alerts]\nbudget = "{budget} USD"\n')
        assert verdicts(lake, home, "budget", NOW) == {"": state}
        assert verdicts(lake, home, "budget-forecast", NOW) == {"": state}
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    for minutes in (0, 10, 40):
        look(lake, settings, [], NOW + timedelta(minutes=minutes))
        looked_at = read_looks(lake)["budget"]
        assert looked_at == NOW + timedelta(minutes=40 if minutes == 40 else 0)
    # Who asks gets an answer of now.
    write_settings(home, '[alerts]\nbudget = "150.00 USD"\n')
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    assert look(lake, settings, [], NOW + timedelta(minutes=50)).opened == []
    asked = look(lake, settings, [], NOW + timedelta(minutes=50), is_asked=True)
    assert [event.rule for event in asked.opened] == ["budget", "budget-forecast"]


def test_an_account_that_has_just_begun_switches_off_no_rule(
    lake: Lake, home: Path, traffic: Traffic
) -> None:
    """One subaccount has a window that is not finished, another was read for two days only."""
    home.mkdir(exist_ok=True)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    write_settings(home, '[alerts]\nbudget = "150.00 USD"\n')
    for days in range(1, 20):
        traffic.messages(NOW - timedelta(days=days), delivered=10, price="-1.00000")
    traffic.messages(NOW - timedelta(minutes=50), delivered=100, failed=100)
    traffic.synced(NOW)
    windows: list[tuple[str, date, datetime | None]] = [("AC" + "8" * 32, NOW.date(), None)]
    windows += [("AC" + "9" * 32, NOW.date() - timedelta(days=days), NOW) for days in range(2)]
    rows = [
        {"account_sid": account, "day": day, "read_from": NOW, "rows": 0, "next_page_uri": None,
         "finished_at": finished_at}
        for account, day, finished_at in windows
    ]  # fmt: skip
    lake.write(lambda cursor: save_rows(cursor, "sync_windows", rows, key=("account_sid", "day")))
    assert verdicts(lake, home, "budget-forecast", NOW) == {"": "bad"}
    opened = look(lake, settings, [], NOW, is_asked=True).opened
    assert "failure-rate" in [event.rule for event in opened]


def test_a_budget_in_a_currency_that_nothing_costs_is_said(lake: Lake, home: Path, traffic: Traffic) -> None:
    write_settings(home, '[alerts]\nbudget = "150.00 EUR"\n')
    traffic.synced(NOW)
    assert verdicts(lake, home, "budget", NOW) == {}  # nothing was spent yet
    traffic.messages(NOW - timedelta(days=1), delivered=10, price="-1.00000")
    traffic.synced(NOW)
    done = look(lake, load_settings({"WORKBENCH_HOME": str(home)}), [], NOW)
    assert [problem.split(":")[0] for problem in done.problems] == ["budget", "budget-forecast"]
    assert "budget is in EUR, and this lake's messages cost USD" in done.problems[0]


def test_questions_that_wait(lake: Lake, home: Path, traffic: Traffic) -> None:
    """Weeks in which every question was answered at once, then a day without an answer."""
    tuesday = NOW - timedelta(days=1)

    for week in range(1, 4):
        traffic.questions(tuesday - timedelta(weeks=week) - 3 * HOUR, 12, is_answered=True)
    traffic.questions(tuesday - 3 * HOUR, 25, is_answered=False)
    traffic.synced(NOW - 24 * HOUR)
    assert verdicts(lake, home, "inbound-waiting", NOW) == {}  # three business hours are nothing yet
    traffic.synced(NOW)
    assert verdicts(lake, home, "inbound-waiting", NOW) == {"": "bad"}
