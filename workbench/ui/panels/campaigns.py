"""Campaigns on a page: ranked with how sure each rate is, two compared, and replies by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.metrics.campaign_comparison import RateComparison, compare_campaigns
from workbench.metrics.campaign_frame import campaign_frame
from workbench.metrics.campaign_health import CampaignHealth, HealthPart, campaign_health
from workbench.metrics.campaigns import (
    FEWEST_PEOPLE,
    KINDS,
    Campaign,
    CampaignKind,
    CampaignList,
    campaign_names,
    query_best_hour,
    query_campaigns,
)
from workbench.metrics.proportions import Proportion
from workbench.ui.charts.shares import shares_by_hour
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.tables import MOST_ROWS, shown_first

LIMIT = 12
Props = dict[str, Any]
_COLUMNS = ("Sent", "Delivery rate", "Reply rate", "Opt-out rate", "Health", "Cost per delivered")
_NOTE = (
    "Below a rate: where it lies with 95 % certainty, and of how many messages, or people for replies and "
    "opt-outs. People reached in the last seven days are in flight."
)


_SHARES = "Compared are shares of the people reached, of the messages for deliveries, and not counts."
_NOUNS = {"template": "text", "messaging_service": "service", "batch": "batch"}
_TABS = {"template": "Texts", "messaging_service": "Messaging services", "batch": "Batches"}
_NONE = {
    "template": "No text in this period with these filters.",
    "messaging_service": "No message of this period was sent through a messaging service.",
    "batch": "No batch was sent from here in this period.",
}


def ranked_kind(data: PageData) -> CampaignKind:
    """What the page ranks, as its address says: texts, services or batches."""
    asked = data.values.get("kind")
    return next((kind for kind in KINDS if kind == asked), KINDS[0])


def ranking(data: PageData) -> Props:
    """Every campaign with its rates, also while some of them are chosen, so that others can be."""
    kind = ranked_kind(data)
    everything = replace(data, where={name: data.where[name] for name in data.where if name != kind})
    campaigns = _without_answers(campaigns_of(everything, kind), data)
    shown = campaigns.campaigns[:MOST_ROWS]
    names = _names(data, kind, [item.campaign for item in shown])
    chosen = data.where.get(kind, ())
    largest = max((item.messages for item in shown), default=1)
    rows = [
        _row(data, kind, item, names.get(item.campaign), item.messages / largest, item.campaign in chosen)
        for item in shown
    ]
    notes = [_NOTE]
    if campaigns.without:
        without = "without a text here" if kind == "template" else f"without a {_NOUNS[kind]}"
        notes.append(f"{formats.plural(campaigns.without, 'message')} {without}.")
    return {
        "tabs": [{"kind": each, "label": _TABS[each], "chosen": each == kind} for each in KINDS],
        "message": _NONE[kind],
        "columns": _columns(_NOUNS[kind].capitalize(), _COLUMNS),
        "rows": rows,
        **shown_first(
            campaigns.campaigns, LIMIT, lambda end: _left_out(campaigns.campaigns[end:]), " ".join(notes)
        ),
        "definition": campaigns_definition(campaigns, everything),
        "file": lambda: _file(data, campaigns),
    }


def _without_answers(campaigns: CampaignList, data: PageData) -> CampaignList:
    """Of batches those that are filters: each answer of the inbox or of a rule is a batch of its own."""
    if campaigns.kind != "batch":
        return campaigns
    known = {option.value for option in data.options.get("batch", ())}
    batches = tuple(item for item in campaigns.campaigns if item.campaign in known)
    answers = sum(item.messages for item in campaigns.campaigns if item.campaign not in known)
    return replace(campaigns, campaigns=batches, without=campaigns.without + answers)


def _left_out(rest: Sequence[Campaign]) -> str:
    messages = formats.count(sum(item.messages for item in rest))
    return f"Not shown: {formats.count(len(rest))} more with {messages} messages." if rest else ""


def chosen_campaigns(data: PageData) -> tuple[CampaignKind, list[str]]:
    """The campaigns that the page is filtered by: those that it ranks, else of another kind."""
    ranked = ranked_kind(data)
    for kind in (ranked, *(other for other in KINDS if other != ranked)):
        chosen = [str(value) for value in data.where.get(kind, ()) if value is not None]
        if chosen:
            return kind, chosen
    return ranked, []


def comparison(data: PageData) -> Props:
    """Two chosen campaigns against each other, or one against the period before."""
    kind, chosen = chosen_campaigns(data)
    campaigns = campaigns_of(data, kind)
    by_id = {item.campaign: item for item in campaigns.campaigns}
    pair, names = [by_id.get(value) for value in chosen], ("A", "B")
    previous, legend = data.previous, _legend(data, kind, chosen)
    if len(chosen) == 1 and previous:
        before = {item.campaign: item for item in campaigns_of(previous, kind).campaigns}
        legend = ""
        names = (previous.period.label, data.period.label)
        pair = [before.get(chosen[0]), by_id.get(chosen[0])]
    rows: list[RateComparison] = []
    if len(pair) == 2 and pair[0] is not None and pair[1] is not None:
        rows = compare_campaigns(pair[0], pair[1], names)
    return {
        "message": _why_not_compared(data, kind, chosen),
        "columns": _columns("What the numbers say", names),
        "rows": [_comparison_row(row) for row in rows],
        "footnote": f"{legend} {_SHARES}".strip() if rows else "",
        "definition": campaigns_definition(campaigns, data),
        "file": lambda: pd.DataFrame(
            [[row.sentence, row.metric, row.first.rate, row.second.rate] for row in rows],
            columns=["sentence", "metric", *names],
        ),
    }


def _why_not_compared(data: PageData, kind: CampaignKind, chosen: Sequence[str]) -> str:
    noun = _NOUNS[kind]
    if not chosen:
        return f"Choose one {noun} to compare it with the period before, or two to compare them."
    if len(chosen) > 2:
        return f"{len(chosen)} are chosen; choose two to compare them, or one."
    if len(chosen) == 2:
        return "One of the two was not sent in this period."
    if data.previous:
        return f"This {noun} was not sent in both periods: {data.previous.period.label} and this one."
    return f"Not compared: {data.not_compared}." if data.not_compared else "No comparison is chosen."


def replies_by_hour(data: PageData) -> Props:
    """The reply rate by the hour of sending, with the interval of each."""
    best, shares = data.ask("best hour", query_best_hour)
    enough = {hour: share for hour, share in shares.items() if share.sample >= FEWEST_PEOPLE}
    subtitle = "The intervals overlap, so no hour is clearly the best."
    if len(enough) < 2:
        subtitle = "Too few people by hour to compare."
    if best is not None:
        subtitle = (
            f"Messages sent from {best}:00 to {best + 1}:00 get clearly more replies than at any other hour."
        )
    return {
        "figure": shares_by_hour(enough),
        "subtitle": f"{subtitle} Hours with fewer than {FEWEST_PEOPLE} people are left out.",
        "definition": definition(data.metric("reply_rate", by=("hour",)), data.period),
        "file": lambda: pd.DataFrame(
            [[hour, share.rate, *share.interval, share.sample] for hour, share in sorted(shares.items())],
            columns=["hour", "reply_rate", "reply_rate_low", "reply_rate_high", "people"],
        ),
    }


def campaigns_of(data: PageData, kind: CampaignKind) -> CampaignList:
    """The campaigns of a kind under the page's filters."""
    return data.ask(f"campaigns by {kind}", partial(query_campaigns, kind=kind))


def _names(data: PageData, kind: CampaignKind, campaigns: Sequence[str]) -> dict[str, str]:
    ids = tuple(campaigns)
    return data.store.ask(
        ("campaign names", kind, ids), partial(campaign_names, kind=kind, campaigns=ids), data.snapshot
    )


def _row(
    data: PageData, kind: CampaignKind, item: Campaign, text: str | None, bar: float, is_chosen: bool
) -> dict[str, Any]:
    token = data.token(kind, item.campaign)
    health = campaign_health(item)
    first = {"text": text or item.campaign, "bar": bar}
    costs = [formats.money(amount, currency) for currency, amount in item.cost_per_delivered.items()]
    cost = {"text": costs[0], "more": costs[1:]} if costs else {"text": formats.MISSING, "muted": True}
    cells = [
        first,
        {"text": formats.count(item.messages)},
        share_cell(item.deliveries, item.in_flight),
        share_cell(item.replies, item.people_in_flight),
        share_cell(item.opt_outs, item.people_in_flight),
        _health_cell(health),
        cost,
    ]
    parts = f"Health: {', '.join(_part_text(part) for part in health.parts)}."
    click = f"Show only this {_NOUNS[kind]}; choose two to compare them"
    row = {
        "key": f"{kind}={token}",
        "cells": cells,
        "chosen": is_chosen,
        "hint": f"{'Show everything again' if is_chosen else click}. {parts}",
        "link": data.rows_link("messages", direction=_direction(data), **{str(kind): [token]}),
    }
    return {**row, "page": data.text_link([item.campaign])} if kind == "template" else row


def _direction(data: PageData) -> str:
    """Campaigns are of outbound messages, whatever else the page shows."""
    asked = str(data.values.get("direction", "outbound"))
    return "outbound" if asked == "all" else asked


def _health_cell(health: CampaignHealth) -> dict[str, Any]:
    if health.score is None:
        return {"text": formats.MISSING, "muted": True, "note": "too few"}
    return {"text": formats.count(round(health.score)), "note": "of 100"}


def _part_text(part: HealthPart) -> str:
    """`opt-out rate 20 of 30 points`."""
    label = part.rule.label[0].lower() + part.rule.label[1:]
    if part.points is None:
        return f"{label} of too few"
    return f"{label} {round(part.points)} of {part.rule.most} points"


def share_cell(share: Proportion, in_flight: int) -> dict[str, Any]:
    """A rate with its interval and sample; too few give none."""
    waiting = f", {formats.count(in_flight)} in flight" if in_flight else ""
    if share.sample < FEWEST_PEOPLE:
        people = formats.count(share.sample)
        return {"text": formats.MISSING, "muted": True, "note": f"too few: {people}{waiting}"}
    low, high = share.interval
    note = f"{formats.rate(low)} to {formats.rate(high)} of {formats.count(share.sample)}{waiting}"
    return {"text": formats.rate(share.rate), "note": note}


def _comparison_row(row: RateComparison) -> dict[str, Any]:
    cells = [{"text": row.sentence}, share_cell(row.first, 0), share_cell(row.second, 0)]
    return {"key": row.metric, "cells": cells, "hint": ""}


def _legend(data: PageData, kind: CampaignKind, chosen: Sequence[str]) -> str:
    names = _names(data, kind, chosen)
    return " ".join(
        f"{letter}: {names.get(value, value)}" for letter, value in zip("AB", chosen, strict=False)
    )


def _columns(naming: str, labels: Sequence[str]) -> list[dict[str, str]]:
    return [{"label": naming, "kind": "text"}, *({"label": label, "kind": "number"} for label in labels)]


def _file(data: PageData, campaigns: CampaignList) -> pd.DataFrame:
    names = _names(data, campaigns.kind, [item.campaign for item in campaigns.campaigns])
    named = tuple(replace(item, text=names.get(item.campaign)) for item in campaigns.campaigns)
    return campaign_frame(replace(campaigns, campaigns=named))


def campaigns_definition(campaigns: CampaignList, data: PageData) -> dict[str, Any]:
    people = data.metric("reply_rate").frame.iloc[0]
    return {
        "label": "Campaigns",
        "name": "campaigns",
        "description": f"Outbound messages by {_NOUNS[campaigns.kind]}, with what people did in seven days.",
        "numerator": "people who replied, or opted out, after the last message delivered before it",
        "denominator": "people with a delivered message that is at least seven days old",
        "excludes": "STOP is no reply. People whose seven days have not passed are in flight.",
        "minimum_sample": FEWEST_PEOPLE,
        # Asked without groups: who got two texts is one person.
        "sample_size": int(people["sample_size"]),
        "in_flight": int(people["in_flight"]),
        "period": f"{data.period.label} ({data.period.timezone})",
        "as_of": campaigns.as_of.isoformat(),
        **data.shown_sql(campaigns.compiled.sql, campaigns.compiled.parameters),
    }
