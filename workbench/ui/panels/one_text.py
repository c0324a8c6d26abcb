"""A text on its own page: its words, what its characters cost, and the cheaper text to copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from workbench.display import formats, moments
from workbench.lake.text_templates import read_template_words
from workbench.messaging.texts import TemplateCost, TextSize, merged_costs
from workbench.metrics import METRICS
from workbench.metrics.campaigns import Campaign, query_best_hour
from workbench.metrics.texts import query_first_and_last
from workbench.ui.component_base import PanelComponent
from workbench.ui.components import TextComponent
from workbench.ui.page_data import PageData
from workbench.ui.panels.campaigns import campaigns_definition, campaigns_of, share_cell
from workbench.ui.panels.texts import NO_TEXT, amounts, character_name, read_texts, texts_definition

_NONE_CHOSEN = "No text is chosen."
_IN_BLANKS = (
    "The words themselves fit GSM-7: these characters come with what is filled in for ⟨…⟩, as names do. "
    "Write that in plain letters."
)
_NOTHING_CHEAPER = "Nothing cheaper: without these characters it takes as many segments, or has no text."


@dataclass(frozen=True)
class TextWords:
    """The chosen texts in full, each with its size, the characters that force UCS-2 and the cheaper text."""

    title: str = "Text"
    span: int = 12
    click: str | None = None

    def build(self) -> PanelComponent:
        return TextComponent(title=self.title)

    def props(self, data: PageData) -> dict[str, Any]:
        chosen = chosen_texts(data)
        words = read_words(data, chosen)
        return {
            "state": "ok" if chosen else "empty",
            "message": "" if chosen else _NONE_CHOSEN,
            "texts": [_text_props(of_text(data, text), words.get(text, "")) for text in chosen],
            "definition": texts_definition(read_texts(data), data),
        }

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The texts, their sizes and the cheaper ones."""
        chosen = chosen_texts(data)
        words = read_words(data, chosen)
        rows = []
        for text in chosen:
            cost = merged_costs(words.get(text, ""), read_texts(of_text(data, text)).costs.templates)
            rows.append([text, cost.text, cost.messages, " ".join(cost.forcing), cost.instead])
        return pd.DataFrame(rows, columns=["template", "text", "messages", "forced_by", "written_as"]), ""


def chosen_texts(data: PageData) -> list[str]:
    """The ids of the texts that the page is filtered by."""
    return [str(value) for value in data.where.get("template", ()) if value is not None]


def of_text(data: PageData, text: str) -> PageData:
    """The page's data of one text only."""
    return replace(data, where={**data.where, "template": [text]}, values={**data.values, "template": [text]})


def read_words(data: PageData, texts: list[str]) -> dict[str, str]:
    """The words of texts by their ids."""
    return data.store.ask(
        ("words of texts", tuple(texts)), lambda lake: read_template_words(lake, texts), data.snapshot
    )


def _text_props(data: PageData, words: str) -> dict[str, Any]:
    texts = read_texts(data)
    cost = merged_costs(words, texts.costs.templates)
    messages = int(data.metric("messages").frame["messages"].iloc[0])
    counted = formats.plural(messages, "message")
    span = data.ask("first and last message", query_first_and_last)
    zone = data.period.timezone
    return {
        "parts": _marked(words, cost),
        "messages": counted,
        "when": f"{moments.moment(span[0], zone)} to {moments.moment(span[1], zone)}" if span else "",
        "rows": data.rows_link("messages") if messages else "",
        "sizes": [_size(size) for size in _ranked(cost)],
        "forcing": [[character, character_name(character)] for character in cost.forcing],
        **_advice(cost, words),
        "note": NO_TEXT if messages and not cost.messages and texts.without_text else "",
    }


def _marked(words: str, cost: TemplateCost) -> list[list[str]]:
    """The words in pieces, each with `force` where it is a character that forces UCS-2."""
    if not cost.forcing:
        return [[words, ""]]
    longest_first = sorted(cost.forcing, key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, longest_first))})", words)
    return [[piece, "force" if piece in cost.forcing else ""] for piece in pieces if piece]


def _ranked(cost: TemplateCost) -> list[TextSize]:
    return sorted(cost.sizes.values(), key=lambda size: (-size.messages, size.encoding, size.segments))


def _size(size: TextSize) -> list[str]:
    """`900 messages`, `UCS-2, 2 segments`, and how long they are."""
    long = f"{_range(size.shortest, size.longest)} characters"
    if size.over:
        less = formats.plural(size.segments - 1, "segment")
        long += f", {_range(*size.over)} more than {less} can hold"
    return [
        formats.plural(size.messages, "message"),
        f"{size.encoding}, {formats.plural(size.segments, 'segment')}",
        long,
    ]


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _advice(cost: TemplateCost, words: str) -> dict[str, str]:
    """The cheaper text and what it saves, or why there is none."""
    if cost.instead is not None and cost.instead != words:
        saves = f"Saves {amounts(cost.saved)} of {amounts(cost.spend)}" if any(cost.saved.values()) else ""
        return {"instead": cost.instead, "saves": saves, "advice": ""}
    if not cost.forcing:
        return {"instead": "", "saves": "", "advice": ""}
    return {"instead": "", "saves": "", "advice": _IN_BLANKS if cost.instead else _NOTHING_CHEAPER}


def text_numbers(data: PageData) -> dict[str, Any]:
    """What the one chosen text costs and what people did: each rate with its interval and sample."""
    campaigns = campaigns_of(data, "template")
    chosen = chosen_texts(data)
    item = next((each for each in campaigns.campaigns if [each.campaign] == chosen), None)
    rows: list[dict[str, Any]] = [
        {"key": label, "cells": [{"text": label, "note": note}, cell], "hint": ""}
        for label, note, cell in (_numbers(data, item) if item else ())
    ]
    several = "These numbers are of one text: choose a single one." if len(chosen) > 1 else _NONE_CHOSEN
    return {
        "columns": [{"label": "Number", "kind": "text"}, {"label": "Value", "kind": "number"}],
        "rows": rows,
        "footnote": "Below a rate: where it lies with 95 % certainty, and of how many." if rows else "",
        "definition": {**campaigns_definition(campaigns, data), "name": "text_numbers"},
        "file": lambda: pd.DataFrame(
            [[row["key"], row["cells"][1]["text"], row["cells"][1].get("note", "")] for row in rows],
            columns=["number", "value", "note"],
        ),
        **({} if len(chosen) == 1 else {"message": several}),
    }


def _numbers(data: PageData, item: Campaign) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "Delivery rate", "of messages with an outcome", share_cell(item.deliveries, item.in_flight)
    yield "Reply rate", "of people, within 7 days", share_cell(item.replies, item.people_in_flight)
    yield "Opt-out rate", "of people, within 7 days", share_cell(item.opt_outs, item.people_in_flight)
    yield "Time to reply", "half of the first replies came within it", _time_cell(item)
    yield "Best hour", "to send, by replies", _hour_cell(data)
    yield "Cost", "", _money_cell(item.spend, _priced_note(item))
    yield "Cost per delivered", "", _money_cell(item.cost_per_delivered, "")
    yield "Segments per message", "", {"text": formats.ratio(item.segments_per_message)}


def _time_cell(item: Campaign) -> dict[str, Any]:
    if item.first_replies < METRICS["time_to_reply_p50"].minimum_sample:
        return {"text": formats.MISSING, "muted": True, "note": f"too few: {item.first_replies}"}
    return {
        "text": formats.duration(item.time_to_reply),
        "note": f"of {formats.plural(item.first_replies, 'first reply')}".replace("replys", "replies"),
    }


def _hour_cell(data: PageData) -> dict[str, Any]:
    best, _ = data.ask("best hour", query_best_hour)
    if best is None:
        return {"text": formats.MISSING, "muted": True, "note": "no hour is clearly the best"}
    return {"text": f"{best:02d}:00 to {(best + 1) % 24:02d}:00"}


def _money_cell(money: Any, note: str) -> dict[str, Any]:
    texts = [formats.money(amount, currency) for currency, amount in money.items()]
    if not texts:
        return {"text": formats.MISSING, "muted": True, "note": "no prices yet"}
    return {"text": texts[0], "more": texts[1:], **({"note": note} if note else {})}


def _priced_note(item: Campaign) -> str:
    share = item.priced_share
    return "" if share is None or share == 1 else f"{formats.rate(share)} of the messages have a price"
