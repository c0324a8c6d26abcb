"""Finds the language in which each contact writes, and keeps it beside the log.

It is that of the latest text of theirs that says it clearly (``messaging/languages.py``). Whoever wrote short
texts only has none. Where no text is kept there is no language either, and a text that goes takes it along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
"""Contacts in one commit, and texts in memory at a time."""


def prepare_languages(lake: Lake) -> int:
    """Judge what contacts wrote since the last time, and forget what texts said that are gone.

    Returns:
        How many contacts were judged.
    """
    if lake.value(_ANY_UNKEPT):
        lake.write(forget_unkept_languages)
    number = 0
    for judged in _judge(lake):
        lake.write(partial(_save, judged))
        number += len(judged)
    return number


def forget_unkept_languages(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete the languages whose text is no longer kept; older texts may say them again."""
    cursor.execute(f"delete from contact_languages where {_IS_UNKEPT}")


def _judge(lake: Lake) -> Iterator[list[dict[str, object]]]:
    """A row for each contact that has new texts; who wrote nothing clear lately keeps their language.

    One reading of the lake for all of them: a first sync brings millions.
    """
    rows: dict[str, dict[str, object]] = {}
    is_clear = False
    for batch in lake.batches(_TEXTS_OF_UNJUDGED, {"latest": _LATEST}, _AT_ONCE):
        for contact, message_sid, moment, body, known, known_sid in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            if contact not in rows:
                if len(rows) == _AT_ONCE:
                    yield list(rows.values())
                    rows = {}
                # What was known stays, until a later text says it clearly.
                rows[contact] = {
                    "contact": contact,
                    "language": known,
                    "message_sid": known_sid if known else message_sid,
                    "judged_until": moment,
                }
                is_clear = False
            if not is_clear and (language := language_of(body)):
                rows[contact] |= {"language": language, "message_sid": message_sid}
                is_clear = True
    if rows:
        yield list(rows.values())


def _save(judged: Sequence[dict[str, object]], cursor: duckdb.DuckDBPyConnection) -> None:
    save_rows(cursor, "contact_languages", judged, key=("contact",))


_TEXT: LiteralString = "not is_outbound and body <> '' and keyword is null and contact is not null"
_IS_UNKEPT = f"message_sid not in (select message_sid from raw_messages where {_TEXT})"
_ANY_UNKEPT = f"select exists(from contact_languages where {_IS_UNKEPT})"
_TEXTS_OF_UNJUDGED = f"""
    with unjudged as (
        select contact, l.language, l.message_sid as known_sid
        from (select contact, max(date_created) as latest from raw_messages where {_TEXT} group by contact) m
        left join contact_languages l using (contact)
        where l.contact is null or m.latest > l.judged_until
    )
    select contact, r.message_sid, r.date_created, r.body, u.language, u.known_sid
    from raw_messages r join unjudged u using (contact)
    where {_TEXT}
    qualify row_number() over (partition by contact order by r.date_created desc, r.message_sid) <= $latest
    order by contact, r.date_created desc, r.message_sid
"""
