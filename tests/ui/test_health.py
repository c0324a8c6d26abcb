"""The page Health: what the doctor found last, one row for findings that differ only in whom they concern."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.lake import Lake
from workbench.lake.health import HealthState, save_health
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.store import use_lake

START = datetime(2026, 9, 1, 12, tzinfo=UTC)


def state(kind: str, subject: str, evidence: str = "No webhook.", hour: int = 0) -> HealthState:
    at = START + timedelta(hours=hour)
    return HealthState("inbound-webhooks", subject, kind, evidence, "Set it.", "https://a.example", at, at)


def shown(lake: Lake) -> list[list[list[str]]]:
    """The texts of both tables' rows, under the alerts, before anything else than states is in the lake."""
    info = next(info for info in discover_pages() if info.name == "health")
    session = load_page(info).open("", store=use_lake(lake))
    session.refresh()
    return [
        [[cell["text"] for cell in row["cells"]] for row in component.rows]
        for component in session.components[1:]
    ]


def test_an_examination_is_shown_without_any_message(lake: Lake) -> None:
    assert shown(lake) == [[], []]
    first = [state("warning", "East"), state("warning", "West"), state("fine", "", "All is well.")]
    save_health(lake, first)
    assert shown(lake) == [
        [["Inbound webhooks: East, West", "Warning", "new"]],
        [["Inbound webhooks", "Fine", "new"]],
    ]
    later = [state("warning", "East", hour=2), state("failure", "West", "A demo answers.", hour=2)]
    save_health(lake, later)
    assert shown(lake) == [
        [["Inbound webhooks: West", "Failed", "new"], ["Inbound webhooks: East", "Warning", "2 h"]],
        [],
    ]
