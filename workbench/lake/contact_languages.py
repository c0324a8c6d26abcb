"""Finds the language in which each contact writes, and keeps it beside the log.

It is that of the latest text of theirs that says it clearly (``messaging/languages.py``). Whoever wrote short
texts only has none. Where no text is kept there is no language either, and a text that goes takes it along.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, LiteralString

import duckdb

from workbench.lake.save_rows import save_rows
from workbench.messaging.languages import language_of

if TYPE_CHECKING:
    from workbench.lake.connect import Lake

UNKNOWN = "unknown"
"""As a value of the filter: no text of theirs says it clearly, or none is kept."""
_LATEST = 5
"""Of a contact so many texts are looked at, the latest first."""
_AT_ONCE = 5_000


def prepare_languages(lake: Lake) -> int:
    """Judge what contacts wrote since the last time, and forget what texts said that are gone.

    Returns:
        How many contacts were judged.
    """
    if lake.value(_ANY_UNKEPT):
        lake.write(forget_unkept_languages)
    contacts = [str(contact) for (contact,) in lake.rows(_UNJUDGED)]
    for first in range(0, len(contacts), _AT_ONCE):
        judged = _judge(lake, contacts[first : first + _AT_ONCE])
        lake.write(partial(_save, judged))
    return len(contacts)


def forget_unkept_languages(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete the languages whose text is no longer kept; older texts may say them again."""
    cursor.execute(f"delete from contact_languages where {_IS_UNKEPT}")


def _judge(lake: Lake, contacts: Sequence[str]) -> list[dict[str, object]]:
    """A row for each contact that has texts; who wrote nothing clear lately keeps their language."""
    chosen = {"contacts": list(contacts)}
    rows: dict[str, dict[str, object]] = {}
    for contact, message_sid, moment, body in lake.rows(_LATEST_TEXTS, {**chosen, "latest": _LATEST}):
        row = rows.setdefault(
            contact,
            {"contact": contact, "language": None, "message_sid": message_sid, "judged_until": moment},
        )
        if row["language"] is None and (language := language_of(body)):
            row |= {"language": language, "message_sid": message_sid}
    for contact, language, message_sid in lake.rows(_KNOWN, chosen):
        if contact in rows and rows[contact]["language"] is None:
            rows[contact] |= {"language": language, "message_sid": message_sid}
    return list(rows.values())


def _save(judged: Sequence[dict[str, object]], cursor: duckdb.DuckDBPyConnection) -> None:
    save_rows(cursor, "contact_languages", judged, key=("contact",))


_TEXT: LiteralString = "not is_outbound and body <> '' and keyword is null and contact is not null"
_IS_UNKEPT = f"message_sid not in (select message_sid from raw_messages where {_TEXT})"
_ANY_UNKEPT = f"select exists(from contact_languages where {_IS_UNKEPT})"
_UNJUDGED = f"""
    select m.contact
    from (select contact, max(date_created) as latest from raw_messages where {_TEXT} group by contact) m
    left join contact_languages l on l.contact = m.contact
    where l.contact is null or m.latest > l.judged_until
    order by 1
"""
_LATEST_TEXTS = f"""
    select contact, message_sid, date_created, body
    from raw_messages
    where {_TEXT} and contact in (select unnest($contacts::varchar[]))
    qualify row_number() over (partition by contact order by date_created desc, message_sid) <= $latest
    order by contact, date_created desc, message_sid
"""
_KNOWN = """
    select contact, language, message_sid from contact_languages
    where language is not null and contact in (select unnest($contacts::varchar[]))
"""
