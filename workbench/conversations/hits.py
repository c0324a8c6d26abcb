"""Why a search found a conversation: the message, note, name or label; and the place in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

from workbench.conversations.found_lines import found_sql
from workbench.conversations.listing import Summary
from workbench.lake.connect import Readable

_BEFORE, _AFTER = 40, 100
"""How many characters of a text are shown around what was found in it."""

Why = Literal["message", "note", "name", "label", "number"]


@dataclass(frozen=True)
class Hit:
    """What a search found in one conversation.

    Attributes:
        text: one line of it, cut around what was searched.
        start, end: what was searched, as places in `text`; the same where nothing is to be marked.
        is_ours: whether we wrote it.
    """

    why: Why
    text: str = ""
    start: int = 0
    end: int = 0
    is_ours: bool = False
    at: datetime | None = None
    message_sid: str = ""


def excerpt(text: str, search: str) -> tuple[str, int, int]:
    """A text as one line, cut around the first place of what was searched, and that place in it."""
    line, wanted = " ".join(text.split()), " ".join(search.split())
    match = re.search(re.escape(wanted), line, re.IGNORECASE) if wanted else None
    if match is None:
        return _cut(line, 0, _BEFORE + _AFTER), 0, 0
    first = max(0, match.start() - _BEFORE)
    lead = "…" if first else ""
    shift = len(lead) - first
    last = max(match.end(), match.start() + _AFTER)
    return lead + _cut(line, first, last), match.start() + shift, match.end() + shift


def _cut(line: str, first: int, last: int) -> str:
    return line[first:last] + ("…" if len(line) > last else "")


def read_hits(
    lake: Readable, rows: Sequence[Summary], search: str, found_table: LiteralString | None = None
) -> dict[str, Hit]:
    """Why each of these conversations was found, by its id: what the contact wrote before all else.

    Args:
        found_table: a table with the rows of `found_sql` for this search, where ``lake`` has one.
    """
    wanted = search.strip()
    if not wanted or not rows:
        return {}
    told = _told(lake, rows, wanted, found_table)
    bodies = _bodies(lake, [(sid, at) for _, kind, at, sid, _ in told if kind != "note"])
    messages: dict[_Key, _Told] = {}
    notes: dict[_Key, _Told] = {}
    for key, kind, at, sid, note in told:
        if kind == "note":
            notes[key] = (note, True, at, "")
        else:
            messages.setdefault(key, (bodies.get(sid, ""), kind == "ours", at, sid))
    return {row.conversation_id: _hit(row, wanted, messages, notes) for row in rows}


_Told = tuple[str, bool, datetime, str]
"""Text, whether it is ours, when, and the SID of the message."""
_Key = tuple[str, str]


def _hit(row: Summary, wanted: str, messages: Mapping[_Key, _Told], notes: Mapping[_Key, _Told]) -> Hit:
    key = (row.our_side, row.contact)
    told = messages.get(key)
    if told is not None and not told[1]:
        return _of_text("message", told, wanted)
    if row.name and wanted.casefold() in row.name.casefold():
        return Hit("name", *excerpt(row.name, wanted))
    label = next((label for label in row.labels if wanted.casefold() in label.casefold()), None)
    if label is not None:
        return Hit("label", *excerpt(label, wanted))
    if key in notes:
        return _of_text("note", notes[key], wanted)
    if told is not None:
        return _of_text("message", told, wanted)
    # Labels of the contact are not in the list, and a number shows few of its digits.
    return Hit("number" if any(sign.isdigit() for sign in wanted) else "label")


def _of_text(why: Why, told: _Told, wanted: str) -> Hit:
    text, is_ours, at, sid = told
    return Hit(why, *excerpt(text or "(no text)", wanted), is_ours, at, sid)


def _told(
    lake: Readable, rows: Sequence[Summary], wanted: str, found_table: LiteralString | None
) -> list[tuple[_Key, str, datetime, str, str]]:
    """What was found in these conversations, by our side and contact; what the contact wrote comes first."""
    parameters = {**_sides(rows), **({} if found_table else {"wanted": wanted})}
    lines: list[tuple[Any, ...]] = lake.rows(
        f"""
        select our_side, contact, kind, told_at, message_sid, note
        from {found_table or f"({found_sql(wanted)})"}
        where list_contains($contacts::varchar[], contact) and list_contains($sides::varchar[], our_side)
        order by kind desc
        """,
        parameters,
    )
    return [((our_side, contact), kind, at, sid, note) for our_side, contact, kind, at, sid, note in lines]


def _bodies(lake: Readable, messages: Sequence[tuple[str, datetime]]) -> dict[str, str]:
    """The texts of messages, by their SIDs."""
    if not messages:
        return {}
    moments = [at for _, at in messages]
    return dict(
        lake.rows(
            "select message_sid, body from message_facts "
            "where message_sid in (select unnest($sids::varchar[])) "
            "and date_created between $first and $last",
            {"sids": [sid for sid, _ in messages], "first": min(moments), "last": max(moments)},
        )
    )


def _sides(rows: Sequence[Summary]) -> dict[str, object]:
    return {
        "contacts": list({row.contact for row in rows}),
        "sides": list({row.our_side for row in rows}),
    }
