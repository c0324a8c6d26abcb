"""What the texts cost because of how they are written: characters, templates, near misses, mismatches."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.messaging.texts import CharacterCost, Mismatch, Tally, TemplateCost
from workbench.metrics.texts import Texts, query_texts
from workbench.ui.page_data import PageData, shown_sql

LIMIT = 10
NO_TEXT = (
    "No text of these messages is kept here: the privacy mode of this lake keeps none, or it was redacted at "
    "Twilio. Encodings and segments are counted all the same."
)

Props = dict[str, Any]


def read_texts(data: PageData) -> Texts:
    """The texts of the view, read once for all parts."""
    return data.ask("texts", query_texts)


def savings(data: PageData) -> Props:
    """What segments cost more than they must: in GSM-7, and a few characters shorter."""
    texts = read_texts(data)
    named = (
        ("Written in GSM-7", "plain characters for those that force UCS-2", texts.costs.plain),
        ("A few characters shorter", "161–170 characters of GSM-7, 71–75 of UCS-2", texts.costs.shorter),
    )
    rows = [
        {"key": str(number), "cells": [{"text": title, "note": note}, *_tally_cells(tally)], "hint": ""}
        for number, (title, note, tally) in enumerate(named)
        if tally.messages
    ]
    note = "A text can be in both. The segmentation page shows which."
    labels = ("Messages", "Spend", "Would save")
    props = _table(texts, "Saving", labels, rows, len(rows), "saving", note, data)
    return {
        **props,
        "file": lambda: _frame(
            ("saving", "note"), [((title, about), tally) for title, about, tally in named]
        ),
    }


def characters(data: PageData) -> Props:
    """Each character that forces UCS-2, and what the messages with it would save in GSM-7."""
    texts = read_texts(data)
    labels = ("Messages", "Spend", "Would save")
    rows = [_character_row(found) for found in texts.costs.characters[:LIMIT]]
    note = "A message with several of them counts for each."
    props = _table(texts, "Character", labels, rows, len(texts.costs.characters), "character", note, data)
    named = [((one.character, _name(one.character), one.replacement), one) for one in texts.costs.characters]
    return {**props, "file": lambda: _frame(("character", "name", "becomes"), named)}


def _character_row(found: CharacterCost) -> dict[str, Any]:
    become = {None: "no equal in GSM-7", "": "left out"}.get(
        found.replacement, f"becomes {found.replacement}"
    )
    first = {"text": _name(found.character), "code": found.character, "note": become}
    return {"key": found.character, "cells": [first, *_tally_cells(found)], "hint": ""}


def _name(character: str) -> str:
    """What Unicode calls it, one name for each of the code points that it is made of."""
    return " + ".join(unicodedata.name(point, f"U+{ord(point):04X}").lower() for point in character[:3])


def templates(data: PageData) -> Props:
    """Templates by what another text would save, then by what they cost; each opens into that text."""
    texts = read_texts(data)
    labels = ("Messages", "Segments each", "Spend", "Would save")
    rows = [_template_row(found, number) for number, found in enumerate(texts.costs.templates[:LIMIT])]
    note = f"{BLANK_NOTE} {_left_out(texts)}".strip()
    props = _table(texts, "Text", labels, rows, len(texts.costs.templates), "template", note, data)
    columns = ("text", "encodings", "forced_by", "written_as")
    named = [
        ((one.text, ", ".join(sorted(one.encodings)), " ".join(one.forcing) or None, one.instead), one)
        for one in texts.costs.templates
    ]
    return {**props, "file": lambda: _frame(columns, named)}


BLANK_NOTE = "⟨…⟩ stands for what differs from message to message."


def _template_row(found: TemplateCost, number: int) -> dict[str, Any]:
    first = {"text": found.text, "note": ", ".join(sorted(found.encodings))}
    count, spend, saved = _tally_cells(found)
    each = {"text": formats.ratio(found.segments / found.messages)}
    row: dict[str, Any] = {
        "key": str(number),
        "cells": [first, count, each, spend, saved],
        "hint": "What it costs, and why",
    }
    detail = (
        [["Forced by", ", ".join(f"{one} ({_name(one)})" for one in found.forcing)]] if found.forcing else []
    )
    if found.instead is not None:
        detail += [
            ["Written as", found.instead],
            ["Saves", f"{_amounts(found.saved)} of {_amounts(found.spend)}"],
        ]
    elif found.forcing:
        detail += [
            [
                "What to do",
                "Nothing cheaper: without these characters it takes as many segments, or has no text.",
            ]
        ]
    return {**row, "detail": detail} if detail else row


def boundaries(data: PageData) -> Props:
    """Templates whose texts are a few characters over one segment."""
    texts = read_texts(data)
    rows = []
    for number, found in enumerate(texts.costs.boundaries[:LIMIT]):
        low, high = found.over
        over = f"+{low}" if low == high else f"+{low} to +{high}"
        first = {"text": found.text, "note": found.encoding}
        rows.append({"key": str(number), "cells": [first, {"text": over}, *_tally_cells(found)], "hint": ""})
    note = "161–170 characters of GSM-7, 71–75 of UCS-2. The saving is that of one segment for each message."
    labels = ("Over by", "Messages", "Spend", "Would save")
    props = _table(texts, "Text", labels, rows, len(texts.costs.boundaries), "template", note, data)
    named = [((one.text, one.encoding, *one.over), one) for one in texts.costs.boundaries]
    return {**props, "file": lambda: _frame(("text", "encoding", "over_from", "over_to"), named)}


def mismatches(data: PageData) -> Props:
    """Texts for which Twilio billed another number of segments than our own count."""
    texts = read_texts(data)
    rows = [_mismatch_row(found, number) for number, found in enumerate(texts.costs.mismatches[:LIMIT])]
    counted, differ = formats.count(texts.costs.messages), formats.count(texts.costs.mismatched)
    props = _table(
        texts, "Text", ("Messages", "Billed", "Counted"), rows, len(texts.costs.mismatches), "template",
        f"{differ} of {counted} messages differ.", data,
    )  # fmt: skip
    if not rows and texts.costs.messages:
        props["message"] = f"Our count of {counted} texts equals Twilio's, message for message."
    named = [((one.text, _reason(one), one.billed, one.counted), one) for one in texts.costs.mismatches]
    return {**props, "file": lambda: _frame(("text", "reason", "billed", "counted"), named)}


def _reason(found: Mismatch) -> str:
    return "as Smart Encoding would count" if found.is_smart_encoding else "no known reason"


def _mismatch_row(found: Mismatch, number: int) -> dict[str, Any]:
    cells = [
        {"text": found.text, "note": _reason(found)},
        {"text": formats.count(found.messages)},
        {"text": str(found.billed)},
        {"text": str(found.counted)},
    ]
    return {"key": str(number), "cells": cells, "hint": ""}


def _frame(columns: Sequence[str], rows: Sequence[tuple[Sequence[Any], Tally]]) -> pd.DataFrame:
    """Texts and their tallies for a file, each currency in columns of its own."""
    named = [
        {
            **dict(zip(columns, first, strict=True)),
            "messages": tally.messages,
            "segments": tally.segments,
            **{f"spend_{currency}": float(amount) for currency, amount in tally.spend.items()},
            **{f"would_save_{currency}": float(amount) for currency, amount in tally.saved.items()},
        }
        for first, tally in rows
    ]
    return pd.DataFrame(named) if named else pd.DataFrame(columns=[*columns, "messages", "segments"])


def _tally_cells(found: Tally) -> list[dict[str, Any]]:
    return [{"text": formats.count(found.messages)}, _money_cell(found.spend), _money_cell(found.saved)]


def _money_cell(amounts: Mapping[str, Decimal]) -> dict[str, Any]:
    texts = _texts(amounts)
    return {"text": texts[0], "more": texts[1:]} if texts else {"text": formats.MISSING, "muted": True}


def _amounts(amounts: Mapping[str, Decimal]) -> str:
    return " and ".join(_texts(amounts)) or formats.MISSING


def _texts(amounts: Mapping[str, Decimal]) -> list[str]:
    ranked = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [formats.money(float(amount), currency) for currency, amount in ranked if amount]


def _left_out(texts: Texts) -> str:
    if not texts.left_out:
        return ""
    return f"{formats.count(texts.left_out)} messages with rarer texts were not looked at."


def _table(
    texts: Texts,
    naming: str,
    labels: Sequence[str],
    rows: list[dict[str, Any]],
    found: int,
    noun: str,
    note: str,
    data: PageData,
) -> Props:
    hidden = f" Not shown: {formats.plural(found - LIMIT, f'more {noun}')}." if found > LIMIT else ""
    without = (
        f" {formats.count(texts.without_text)} messages have no text here." if texts.without_text else ""
    )
    props: Props = {
        "columns": [{"label": naming, "kind": "text"}, *({"label": one, "kind": "number"} for one in labels)],
        "rows": rows,
        "footnote": note + hidden + without,
        "definition": _definition(texts, data),
    }
    if not texts.costs.messages and texts.without_text:
        props["message"] = NO_TEXT
    return props


def _definition(texts: Texts, data: PageData) -> dict[str, Any]:
    return {
        "label": "Texts",
        "name": "texts",
        "description": "Outbound SMS by text, recounted, with what another text would have cost.",
        "numerator": "price × (billed segments − segments of the other text) / billed segments",
        "denominator": "",
        "excludes": "MMS, WhatsApp and the like, messages in flight, and those without a text or a price.",
        "minimum_sample": 0,
        "sample_size": texts.costs.messages,
        "period": f"{data.period.label} ({data.period.timezone})",
        "as_of": texts.as_of.isoformat(),
        **shown_sql(texts.compiled.sql, texts.compiled.parameters),
    }
