"""The account's own keywords: those of its settings and campaigns, also in the messages from before them.

New messages are classified where they come in. When a list of words is new, the stored texts are searched for
it once, and what they say about consent is added with the time at which it was said. A word that is taken off
the list keeps the meaning that it had for the messages it was found in. Where texts are not kept (privacy
modes), earlier messages can only be read again from Twilio, by a full sync.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from workbench.errors import ConfigError
from workbench.lake.connect import Lake
from workbench.lake.consent import note_consent
from workbench.messaging.keywords import (
    LONGEST_OWN_BODY,
    OwnKeywords,
    built_in_meaning,
    fold,
    keyword,
    own_keywords,
)
from workbench.settings.sections import KeywordSettings

_BODIES_AT_ONCE = 50_000


def check_keywords(settings: KeywordSettings) -> OwnKeywords:
    """The words of the settings.

    Raises:
        ConfigError: a word has two meanings, or another one than it has for Twilio.
    """
    meanings: dict[str, str] = {}
    lists = {"opt-out": settings.opt_out, "opt-in": settings.opt_in, "help": settings.help}
    for meaning, words in lists.items():
        for word in words:
            other = built_in_meaning(word) or meanings.setdefault(fold(word), meaning)
            if other != meaning:
                raise ConfigError(
                    f"[keywords] lists {word!r} as {meaning}, and it is {other} already; a word has one "
                    "meaning. Take it out of one list."
                )
    return own_keywords(settings.opt_out, settings.opt_in, settings.help)


def open_own_keywords(lake: Lake, settings: KeywordSettings, now: datetime | None = None) -> OwnKeywords:
    """The words of the settings and of the account's campaigns; a new list is searched for in stored texts.

    Raises:
        ConfigError: as :func:`check_keywords`.
    """
    check_keywords(settings)
    campaigns = lake.rows("select opt_out_words, help_words from messaging_services")
    own = own_keywords(
        [*settings.opt_out, *_lines(words for words, _ in campaigns)],
        settings.opt_in,
        [*settings.help, *_lines(words for _, words in campaigns)],
    )
    key = hashlib.blake2s(json.dumps(sorted(own.meanings.items())).encode(), digest_size=16).hexdigest()
    if own and not lake.rows("select 1 from keyword_lists where list_key = ?", [key]):
        _search_stored_texts(lake, own, key, now or datetime.now(UTC))
    return own


def _lines(texts: Iterable[str | None]) -> Iterator[str]:
    return (word for text in texts for word in (text or "").splitlines())


def _search_stored_texts(lake: Lake, own: OwnKeywords, key: str, now: datetime) -> None:
    with lake.cursor() as cursor:
        messages = list(_messages_with(cursor, own))
    lake.write(lambda cursor: _save(cursor, messages, key, now))


def _messages_with(cursor: duckdb.DuckDBPyConnection, own: OwnKeywords) -> Iterator[dict[str, Any]]:
    result = cursor.execute(_BODIES_SQL, [LONGEST_OWN_BODY])
    names = [column[0] for column in result.description or ()]
    while rows := result.fetchmany(_BODIES_AT_ONCE):
        for row in rows:
            message = dict(zip(names, row, strict=True))
            word = keyword(message["body"], toll_free=message["sender_type"] == "toll-free", own=own)
            if word:
                yield {**message, "keyword": word}


_BODIES_SQL = """
    select message_sid, account_sid, messaging_service_sid, is_outbound, error_code, sender, sender_type,
        contact, date_created, body
    from raw_messages
    where not is_outbound and keyword is null and length(body) between 1 and ?
"""


def _save(cursor: duckdb.DuckDBPyConnection, messages: list[dict[str, Any]], key: str, now: datetime) -> None:
    cursor.execute("insert into keyword_lists values (?, ?)", [key, now])
    if not messages:
        return
    table = pa.Table.from_pylist(messages, schema=_schema(cursor))
    dates = [message["date_created"] for message in messages]
    cursor.register("words", table)
    try:
        cursor.execute(_KEYWORD_SQL, [min(dates), max(dates)])
    finally:
        cursor.unregister("words")
    note_consent(cursor, table, now)


def _schema(cursor: duckdb.DuckDBPyConnection) -> pa.Schema:
    schema: pa.Schema = cursor.execute("select * from raw_messages limit 0").to_arrow_table().schema
    return schema


#: Of a message that turned out to be a keyword nobody needs to read what it may have meant.
_KEYWORD_SQL = """
    merge into raw_messages t using words w
    on t.message_sid = w.message_sid and t.date_created between ? and ?
    when matched then update set keyword = w.keyword, revocation = null, revocation_language = null
"""
