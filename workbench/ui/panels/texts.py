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
from workbench.ui.page_data import PageData
from workbench.ui.panels.tables import MOST_ROWS, shown_first

LIMIT = 10
NO_TEXT = (
    "No text of these messages is kept here: the privacy mode of this lake keeps none, or it was redacted at "
    "Twilio. Encodings and segments are counted all the same."
)

Props = dict[str, Any]


def read_texts(data: PageData) -> Texts:
    """The texts under the page's filters, read once for all panels."""
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
    rows = [_character_row(character) for character in texts.costs.characters[:MOST_ROWS]]
    note = "A message with several of them counts for each."
    props = _table(texts, "Character", labels, rows, len(texts.costs.characters), "character", note, data)
    named = [
        ((character.character, character_name(character.character), character.replacement), character)
        for character in texts.costs.characters
    ]
    return {**props, "file": lambda: _frame(("character", "name", "becomes"), named)}


def _character_row(cost: CharacterCost) -> dict[str, Any]:
    become = {None: "no equal in GSM-7", "": "left out"}.get(cost.replacement, f"becomes {cost.replacement}")
    first = {"text": character_name(cost.character), "code": cost.character, "note": become}
    return {"key": cost.character, "cells": [first, *_tally_cells(cost)], "hint": ""}


def character_name(character: str) -> str:
    """What Unicode calls it, one name for each of the code points that it is made of."""
    return " + ".join(unicodedata.name(point, f"U+{ord(point):04X}").lower() for point in character[:3])


def templates(data: PageData) -> Props:
    """Templates by what another text would save, then by what they cost; each opens into that text."""
    texts = read_texts(data)
    labels = ("Messages", "Segments each", "Spend", "Would save")
    rows = [
        _template_row(data, template, number)
        for number, template in enumerate(texts.costs.templates[:MOST_ROWS])
    ]
    note = f"{BLANK_NOTE} {_left_out(texts)}".strip()
    props = _table(texts, "Text", labels, rows, len(texts.costs.templates), "template", note, data)
    columns = ("text", "encodings", "forced_by", "written_as")
    named = [
        (
            (
                template.text,
                ", ".join(sorted(template.encodings)),
                " ".join(template.forcing) or None,
                template.instead,
            ),
            template,
        )
        for template in texts.costs.templates
    ]
    return {**props, "file": lambda: _frame(columns, named)}


BLANK_NOTE = "⟨…⟩ stands for what differs from message to message."


def _template_row(data: PageData, template: TemplateCost, number: int) -> dict[str, Any]:
    first = {"text": template.text, "note": ", ".join(sorted(template.encodings))}
    count, spend, saved = _tally_cells(template)
    each = {"text": formats.ratio(template.segments / template.messages)}
    row: dict[str, Any] = {
        "key": str(number),
        "cells": [first, count, each, spend, saved],
        "hint": "What it costs, and why",
    }
    if template.templates:
        row["page"] = data.text_link(list(template.templates))
    detail = (
        [
            [
                "Forced by",
                ", ".join(f"{character} ({character_name(character)})" for character in template.forcing),
            ]
        ]
        if template.forcing
        else []
    )
    if template.instead is not None:
        detail += [
            ["Written as", template.instead, "copy"],
            ["Saves", f"{amounts(template.saved)} of {amounts(template.spend)}"],
        ]
    elif template.forcing:
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
    for number, boundary in enumerate(texts.costs.boundaries[:MOST_ROWS]):
        low, high = boundary.over
        over = f"+{low}" if low == high else f"+{low} to +{high}"
        first = {"text": boundary.text, "note": boundary.encoding}
        rows.append(
            {"key": str(number), "cells": [first, {"text": over}, *_tally_cells(boundary)], "hint": ""}
        )
    note = "161–170 characters of GSM-7, 71–75 of UCS-2. The saving is that of one segment for each message."
    labels = ("Over by", "Messages", "Spend", "Would save")
    props = _table(texts, "Text", labels, rows, len(texts.costs.boundaries), "template", note, data)
    named = [
        ((boundary.text, boundary.encoding, *boundary.over), boundary) for boundary in texts.costs.boundaries
    ]
    return {**props, "file": lambda: _frame(("text", "encoding", "over_from", "over_to"), named)}


def mismatches(data: PageData) -> Props:
    """Texts for which Twilio billed another number of segments than our own count."""
    texts = read_texts(data)
    rows = [
        _mismatch_row(mismatch, number) for number, mismatch in enumerate(texts.costs.mismatches[:MOST_ROWS])
    ]
    counted, differ = formats.count(texts.costs.messages), formats.count(texts.costs.mismatched)
    props = _table(
        texts, "Text", ("Messages", "Billed", "Counted"), rows, len(texts.costs.mismatches), "template",
        f"{differ} of {counted} messages differ.", data,
    )  # fmt: skip
    if not rows and texts.costs.messages:
        props["message"] = f"Our count of {counted} texts equals Twilio's, message for message."
    named = [
        ((mismatch.text, _reason(mismatch), mismatch.billed, mismatch.counted), mismatch)
        for mismatch in texts.costs.mismatches
    ]
    return {**props, "file": lambda: _frame(("text", "reason", "billed", "counted"), named)}


def _reason(mismatch: Mismatch) -> str:
    return "as Smart Encoding would count" if mismatch.is_smart_encoding else "no known reason"


def _mismatch_row(mismatch: Mismatch, number: int) -> dict[str, Any]:
    cells = [
        {"text": mismatch.text, "note": _reason(mismatch)},
        {"text": formats.count(mismatch.messages)},
        {"text": str(mismatch.billed)},
        {"text": str(mismatch.counted)},
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


def _tally_cells(tally: Tally) -> list[dict[str, Any]]:
    return [{"text": formats.count(tally.messages)}, _money_cell(tally.spend), _money_cell(tally.saved)]


def _money_cell(amounts: Mapping[str, Decimal]) -> dict[str, Any]:
    texts = _texts(amounts)
    return {"text": texts[0], "more": texts[1:]} if texts else {"text": formats.MISSING, "muted": True}


def amounts(money: Mapping[str, Decimal]) -> str:
    """Amounts by currency in words, the largest first."""
    return " and ".join(_texts(money)) or formats.MISSING


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
    row_count: int,
    noun: str,
    note: str,
    data: PageData,
) -> Props:

    def left_out(end: int) -> str:
        rest = row_count - end
        return f"Not shown: {formats.plural(rest, f'more {noun}')}." if rest > 0 else ""

    without = (
        f" {formats.count(texts.without_text)} messages have no text here." if texts.without_text else ""
    )
    props: Props = {
        "columns": [
            {"label": naming, "kind": "text"},
            *({"label": label, "kind": "number"} for label in labels),
        ],
        "rows": rows,
        **shown_first(range(row_count), LIMIT, left_out, (note + without).strip()),
        "definition": texts_definition(texts, data),
    }
    if not texts.costs.messages and texts.without_text:
        props["message"] = NO_TEXT
    return props


def texts_definition(texts: Texts, data: PageData) -> dict[str, Any]:
    """What stands behind the costs of texts, for the dialog."""
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
        **data.shown_sql(texts.compiled.sql, texts.compiled.parameters),
    }
