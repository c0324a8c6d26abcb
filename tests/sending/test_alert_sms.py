"""SMS of alerts: by the rules of sending, to the team that the settings name, up to the cap of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.alerts.conftest import NOW
from tests.lakes import lake_of
from tests.sending.conftest import SENDER, environment, know_senders, make_home, sent_to
from workbench import Workbench
from workbench.lake.alerts import AlertEvent, read_deliveries, save_events
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.settings import load_settings
from workbench.simulator import Server

TEAM, LEFT = "+14155550260", "+14155550261"
SETTINGS = f"""
[sending]
sender = "{SENDER}"
settle_after_seconds = 2
[alerts]
sms_to = ["{TEAM}", "{LEFT}"]
sms_per_day = 2
"""


def critical(number: int) -> AlertEvent:
    at = datetime.now(UTC)
    group = f'{{"case": "{number}"}}'
    return AlertEvent(
        f"event-{number}", "failure-rate", f"case={number}", group, "critical", "", "failures",
        "More messages fail", "8 % of 200.", "", "failures", 0.08, 0.02, 200, at, at, at,
    )  # fmt: skip


def test_the_team_gets_them_up_to_the_cap_and_an_opt_out_holds(server: Server, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", SETTINGS)
    with Workbench(load_settings(environment(home, server))) as wb:
        know_senders(wb, server)
        opt_out = ConsentEvent(
            account_sid=server.account.account_sid, address=LEFT, scope="*", kind="opt-out", source="import",
            happened_at=NOW,
        )  # fmt: skip
        lake_of(wb).write(lambda cursor: save_consent_events(cursor, [opt_out], NOW))
        shown = wb.alerts.test().set_index("target")
        assert list(shown["outcome"]) == ["delivered", "failed"], shown
        assert "Opted out of everything" in shown["detail"].iloc[1]
        assert sent_to(server, {TEAM, LEFT}) == {TEAM: 1}

        # The refused one does not count: one is left of the two of this day.
        save_events(lake_of(wb), [critical(1)], [], NOW)
        assert TEAM not in repr(wb.alerts.run())
        assert sent_to(server, {TEAM, LEFT}) == {TEAM: 2}
        save_events(lake_of(wb), [critical(2)], [], NOW)
        done = wb.alerts.run()
        assert done.waiting_sms >= 1
        assert "wait for the cap of the day" in str(done)
        assert sent_to(server, {TEAM, LEFT}) == {TEAM: 2}
        assert {each.target for each in read_deliveries(lake_of(wb), NOW)} == {
            "sms +1415***0260",
            "sms +1415***0261",
        }
