"""What the head and the drawer of a page say of its filters, as plain data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.display import moments
from workbench.display.periods import CALENDAR_PRESETS, Period
from workbench.metrics import METRICS, Freshness
from workbench.ui.filters import FIELDS, Option
from workbench.ui.page_data import PageData

_SHOWN_OPTIONS = 500


def filter_chips(
    values: Mapping[str, Any],
    names: Sequence[str],
    defaults: Mapping[str, Any],
    period: Period,
    labels: Mapping[tuple[str, str], str],
) -> list[dict[str, str]]:
    """The filters that differ from the page's defaults; each chip has a button that removes it."""
    chips = []
    if values["period"] == "custom":
        chips.append({"name": "period", "label": "Days", "token": period.label, "kind": "text"})
    if values["direction"] != defaults["direction"]:
        chips.append(
            {"name": "direction", "label": "Direction", "token": values["direction"], "kind": "text"}
        )
    if values.get("q"):
        chips.append({"name": "q", "label": "Search", "token": values["q"], "kind": "text"})
    if values.get("counted"):
        label = METRICS[values["counted"]].label
        chips.append({"name": "counted", "label": "Counted by", "token": label, "kind": "text"})
    return chips + [
        {
            "name": name,
            "label": FIELDS[name].label,
            "token": token,
            "kind": FIELDS[name].kind,
            **({"text": labels[name, token]} if (name, token) in labels else {}),
        }
        for name in names
        for token in values[name]
    ]


def option_labels(options: Mapping[str, Sequence[Option]]) -> dict[tuple[str, str], str]:
    """Field and token → how it is shown, where that is something else."""
    return {
        (name, option.token): option.label
        for name, choices in options.items()
        for option in choices
        if option.label
    }


def period_line(period: Period, values: Mapping[str, Any], comparison: str) -> dict[str, str]:
    preset = str(values["period"])
    name = CALENDAR_PRESETS.get(preset) or f"Last {period.day_count} days"
    if preset == "custom":
        name = "Chosen days"
    zone = period.timezone.replace("_", " ")
    return {
        "label": name,
        "text": f"{period.label} ({zone}){comparison}",
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
    }


def comparison_text(data: PageData) -> str:
    """What the period is compared with, or from when its numbers count and why it is not compared."""
    if data.not_whole:
        return f"; not whole: {data.not_whole}"
    if data.not_compared:
        return f"; not compared: {data.not_compared}"
    if not data.previous:
        return ""
    left = f"; without {data.accounts_left}, synced no more" if data.accounts_left else ""
    return f", against {data.previous.period.label}{left}"


def filter_field(
    name: str, options: Sequence[Option], counts: Mapping[str | None, int] | None
) -> dict[str, Any]:
    """A field of the drawer; without counts of the period yet, its values have those of the whole lake."""
    declared, left_out = FIELDS[name], len(options) - _SHOWN_OPTIONS
    if counts is not None:
        options = [replace(option, messages=counts.get(option.value, 0)) for option in options]
        options = sorted(options, key=lambda option: -option.messages)
    return {
        "name": name,
        "label": declared.label,
        "kind": declared.kind,
        "common": declared.is_common,
        "options": [
            {"token": option.token, "label": option.shown, "messages": option.messages}
            for option in options[:_SHOWN_OPTIONS]
        ],
        "more": f"{left_out:,} quieter ones are not listed; a link can name them." if left_out > 0 else "",
    }


def empty_lake(fresh: Freshness, timezone: str) -> dict[str, Any]:
    """What stands in place of the panels while the lake has no message."""
    if fresh.last_sync_at:
        at = moments.moment(fresh.last_sync_at, timezone)
        return {
            "title": "No messages yet",
            "message": f"The last sync ({at}) found no messages in the log of your Twilio account. "
            "This page draws itself when there are some.",
            "commands": [["workbench sync", "looks again"], ["workbench status", "says what was read"]],
            "link": "",
        }
    return {
        "title": "No messages yet",
        "message": "This lake holds no messages. Fill it with one of these, and this page draws itself.",
        "commands": [
            ["workbench sync", "copies the message log of your Twilio account (run workbench init first)"],
            [
                "workbench demo",
                "fills a lake of its own with 90 days of simulated traffic; no account needed",
            ],
        ],
        "link": "",
    }


def not_chosen(name: str, link: str) -> dict[str, Any]:
    """What stands in place of the panels of a page about one value of a field, while none is chosen.

    Args:
        link: the page to choose one on; empty where no server answers.
    """
    label = FIELDS[name].label.lower()
    return {
        "title": f"No {label} is chosen",
        "message": f"This page is about one {label}. Open one from Campaigns, from Segmentation or from a "
        "message; its address can be passed on.",
        "commands": [],
        "link": link,
        "link_text": "Choose one on Campaigns" if link else "",
    }
