"""Rules on their page: what each says and did, a dry run, and the switch.

What is known of rules stands above the pages, so a page hands its door in, as the inbox does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from workbench.display import moments
from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.roles import current_user
from workbench.settings import Settings
from workbench.ui.beside import work_beside
from workbench.ui.components import RuleListComponent
from workbench.ui.page_data import PageData
from workbench.ui.store import Store, current_store

_SHOWN = 50
_HISTORY = ["at", "rule", "outcome", "did", "conversation", "message_sid", "ended"]
_NO_SETTINGS = "Rules need the settings of their lake: open the pages with `workbench serve`."


class RuleDoor(Protocol):
    """What a page may ask of rules; see :mod:`workbench.api.rule_door`."""

    def lines(self, settings: Settings, lake: Lake) -> list[dict[str, Any]]:
        """Every rule, as the component shows it."""

    def history(self, settings: Settings, lake: Lake, limit: int) -> pd.DataFrame:
        """What rules did, the newest first."""

    def switch(self, settings: Settings, lake: Lake, rule: str, is_on: bool) -> None:
        """Switch a rule on or off."""

    def test(self, settings: Settings, lake: Lake, rule: str, timezone: str) -> dict[str, Any]:
        """What a rule would have done in the last days: `text` and `matches`."""


@dataclass(frozen=True)
class RuleList:
    """Every rule, with its switch and its dry run."""

    door: RuleDoor
    title: str = "Rules"
    subtitle: str = "Asked in this order, after the built-in ones. Counts are of the last 7 days."
    span: int = 12
    click: str | None = None

    def build(self) -> RuleListComponent:
        component = RuleListComponent(title=self.title, subtitle=self.subtitle)
        calls = _RuleCalls(self.door, component)
        component.on("switch", calls.switch)
        component.on("test", calls.test)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        if data.store.settings is None:
            return {"state": "empty", "message": _NO_SETTINGS}
        lines = data.store.ask(
            "rules", lambda lake: self.door.lines(_settings(data.store), lake), data.snapshot
        )
        return {"state": "ok", "rules": lines, "may_switch": current_user().may("admin")}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The rules as rows."""
        columns = ["rule", "is_on", "set_by", "when", "condition", "does", "fired"]
        rows = [{name: line[name] for name in columns} for line in self.props(data).get("rules", [])]
        return pd.DataFrame(rows, columns=columns), "Counts are of the last 7 days."


@dataclass(frozen=True)
class _RuleCalls:
    """What the browser may ask of one page's list."""

    door: RuleDoor
    component: RuleListComponent

    def switch(self, message: Mapping[str, Any]) -> None:
        """The commit draws the page again, here and wherever else it is open."""
        store = current_store()

        def work() -> None:
            with store.lock:
                self.door.switch(_settings(store), store.lake, message["rule"], message["is_on"])

        work_beside(work, lambda _: self._show_switch(message["rule"], message["is_on"]), self._refuse)

    def test(self, message: Mapping[str, Any]) -> None:
        store = current_store()

        def work() -> dict[str, Any]:
            with store.lock:
                return self.door.test(_settings(store), store.lake, message["rule"], store.timezone)

        work_beside(work, lambda tested: self._show_test(message["rule"], tested), self._refuse)

    def _show_switch(self, rule: str, is_on: bool) -> None:
        rules = [{**line, "is_on": is_on} if line["rule"] == rule else line for line in self.component.rules]
        self.component.param.update(rules=rules, notice="")

    def _show_test(self, rule: str, tested: Mapping[str, Any]) -> None:
        self.component.param.update(tests={**self.component.tests, rule: tested}, notice="")

    def _refuse(self, message: str) -> None:
        self.component.notice = message


@dataclass(frozen=True)
class RuleHistory:
    """The rows of a table of what rules did."""

    door: RuleDoor

    def __call__(self, data: PageData) -> dict[str, Any]:
        frame = pd.DataFrame(columns=_HISTORY)
        if data.store.settings is not None:
            frame = data.store.ask(
                "rule history",
                lambda lake: self.door.history(_settings(data.store), lake, _SHOWN),
                data.snapshot,
            )
        return {
            "columns": [
                {"label": "Rule", "kind": "text"},
                {"label": "Outcome", "kind": "number"},
                {"label": "When", "kind": "number"},
            ],
            "rows": [_history_row(row, data.period.timezone) for row in frame.to_dict("records")],
            "message": "No rule has fired yet.",
            "footnote": "",
            "file": lambda: frame,
            "file_note": "The period and the filters do not hold.",
        }


def _history_row(row: Mapping[Any, Any], timezone: str) -> dict[str, Any]:
    at = moments.moment(row["at"].to_pydatetime(), timezone)
    return {
        "key": f"{row['rule']} {row['message_sid']}",
        "cells": [{"text": row["rule"], "note": row["did"]}, {"text": row["outcome"]}, {"text": at}],
        "detail": [
            ["Did", row["did"]], ["Message", row["message_sid"]], ["Conversation", row["conversation"]],
        ],
        "hint": "Show what it did",
    }  # fmt: skip


def _settings(store: Store) -> Settings:
    if store.settings is None:
        raise ConfigError(_NO_SETTINGS)
    return store.settings
