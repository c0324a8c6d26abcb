"""Why a search found a conversation: the message, note, name or label; and the place in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.conversations.listing import Summary, like_pattern
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


def read_hits(lake: Readable, rows: Sequence[Summary], search: str) -> dict[str, Hit]:
    """Why each of these conversations was found, by its id: what the contact wrote before all else."""
    wanted = search.strip()
    if not wanted or not rows:
        return {}
    messages, notes = _messages(lake, rows, wanted), _notes(lake, rows, wanted)
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


def _messages(lake: Readable, rows: Sequence[Summary], wanted: str) -> dict[_Key, _Told]:
    """The message of each conversation: the latest of the contact, else our latest."""
    return {
        (our_side, contact): (body, is_ours, at, sid)
        for our_side, contact, body, is_ours, at, sid in lake.rows(
            """
            select our_side, contact, body, is_outbound, date_created, message_sid
            from conversation_lines
            where contact in (select unnest($contacts::varchar[]))
                and our_side in (select unnest($sides::varchar[]))
                and (body ilike $like escape '\\' or message_sid = $wanted)
            qualify row_number() over (
                partition by our_side, contact order by is_outbound, date_created desc, message_sid
            ) = 1
            """,
            {**_sides(rows), "like": like_pattern(wanted), "wanted": wanted},
        )
    }


def _notes(lake: Readable, rows: Sequence[Summary], wanted: str) -> dict[_Key, _Told]:
    """The latest private note of each conversation that has it."""
    return {
        (our_side, contact): (value, True, at, "")
        for our_side, contact, value, at in lake.rows(
            """
            select l.our_side, l.contact, e.value, e.happened_at
            from conversation_events e
            join (
                select distinct conversation_id, our_side, contact from conversation_lines
                where contact in (select unnest($contacts::varchar[]))
                    and our_side in (select unnest($sides::varchar[]))
            ) l using (conversation_id)
            where e.kind = 'note' and e.value ilike $like escape '\\'
            qualify row_number() over (partition by l.our_side, l.contact order by e.happened_at desc) = 1
            """,
            {**_sides(rows), "like": like_pattern(wanted)},
        )
    }


def _sides(rows: Sequence[Summary]) -> dict[str, object]:
    return {
        "contacts": list({row.contact for row in rows}),
        "sides": list({row.our_side for row in rows}),
    }
