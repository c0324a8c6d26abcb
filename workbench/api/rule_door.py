"""Rules for a page: what it shows of them, their dry run and their switch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.api.installation import Installation
from workbench.api.rules import Rules, switch
from workbench.display import moments

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake import Lake
    from workbench.settings import Settings

_TESTED, _SHOWN, _LONGEST = 2_000, 10, 160


class PageRules:
    """See :class:`workbench.ui.panels.rules.RuleDoor`."""

    def lines(self, settings: Settings, lake: Lake) -> list[dict[str, Any]]:
        from workbench.api.rule_frames import rules_frame

        frame = rules_frame(settings, lake, datetime.now(UTC) - timedelta(days=7))
        return [_line(row) for row in frame.to_dict("records")]

    def history(self, settings: Settings, lake: Lake, limit: int) -> pd.DataFrame:
        from workbench.api.rule_frames import history_frame
        from workbench.lake.rules import read_firings

        return history_frame(read_firings(lake, datetime.now(UTC) - timedelta(days=7), None, limit))

    def switch(self, settings: Settings, lake: Lake, rule: str, is_on: bool) -> None:
        switch(Installation(settings, lake=lake), rule, is_on)

    def test(self, settings: Settings, lake: Lake, rule: str, timezone: str) -> dict[str, Any]:
        frame = Rules(Installation(settings, lake=lake)).test(rule=rule, limit=_TESTED)
        facts = frame.attrs
        shown = f"; the latest {_SHOWN}:" if len(frame) > _SHOWN else ":" if len(frame) else "."
        tested = (
            f"In the last 7 days it would have fired for {facts['matched']:,} of {facts['messages']:,} "
            f"messages{shown}"
        )
        matches = [_match(row, timezone) for row in frame.tail(_SHOWN).to_dict("records")]
        return {"text": tested, "matches": matches}


open_rules = PageRules()


def _line(row: dict[Any, Any]) -> dict[str, Any]:
    is_built_in = row["set_by"] == "built in"
    fired = "" if row["fired"] is None else f"Fired {row['fired']:,}"
    failed = f", {row['failed']:,} failed" if row["failed"] else ""
    fault = f". It cannot be carried out: {row['fault']}" if row["fault"] else ""
    return {
        "rule": row["rule"],
        "is_on": bool(row["is_on"]),
        "is_built_in": is_built_in,
        "set_by": "Built in" if is_built_in else f"Set by {row['set_by'].removeprefix('local:')}",
        "when": row["when"],
        "condition": row["if"],
        "does": row["then"],
        "fired": fired + failed + fault,
    }


def _match(row: dict[Any, Any], timezone: str) -> dict[str, str]:
    text = " ".join(row["body"][: 2 * _LONGEST].split())
    return {
        "at": moments.moment(row["at"].to_pydatetime(), timezone),
        "contact": row["contact"],
        "text": text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…",
        "reply": row["reply"],
    }
