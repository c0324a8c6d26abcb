"""Gives each outbound text its template when it is saved, and keeps the templates themselves.

A text's *skeleton* is the text without its certain blanks; skeletons that share most of their words are one
template (``messaging/skeletons.py``). A skeleton that was seen before keeps its template for ever, so that
the id of a template can stand in an address. Of a template the lake keeps the shared words only, of its first
text's ends and of a skeleton only a hash. Where no text may be kept there is no template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, LiteralString

import duckdb
import pyarrow as pa

from workbench.lake.quoting import quoted
from workbench.lake.secret_key import saving_key
from workbench.messaging.skeletons import BLANK, BLANKS, GREETED, TemplateFinder, TextTemplate, ends_of

if TYPE_CHECKING:
    from workbench.lake.connect import Lake, Readable

SKELETON: LiteralString = (
    f"regexp_replace(regexp_replace(body, '{BLANKS}', '{BLANK}', 'g'), {quoted(GREETED)}, '\\1 {BLANK}', 'g')"
)
"""A text's skeleton, as an expression over `body`."""
_ID = re.compile("T[0-9a-f]{12}")


def is_template_id(text: str) -> bool:
    """Whether a text has the form of a template's id."""
    return _ID.fullmatch(text) is not None


def with_templates(cursor: duckdb.DuckDBPyConnection, messages: pa.Table, now: datetime) -> pa.Table:
    """The messages with their column `template`, new templates saved in the caller's transaction."""
    texts = messages.select(["message_sid", "is_outbound", "body"])
    template_of = _templates_of(cursor, texts, now)
    values = [template_of.get(sid) for sid in messages["message_sid"].to_pylist()]
    return messages.append_column("template", pa.array(values, pa.string()))


def prepare_templates(lake: Lake, now: datetime | None = None) -> int:
    """Give the messages that came before there were templates theirs, month by month.

    Templates of texts that are gone, redacted at Twilio say, go too.

    Returns:
        How many got one.
    """
    months: list[date] = [row[0] for row in lake.rows(_MONTHS_WITHOUT)]
    moment = now or datetime.now(UTC)
    number = 0
    for month in months:
        number += lake.write(lambda cursor, month=month: _prepare_month(cursor, month, moment))  # type: ignore[misc]
    if lake.value(_HAS_UNUSED):
        lake.write(forget_unused_templates)
    return number


def forget_unused_templates(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete the templates that no message with a text has any more."""
    cursor.execute(_FORGET_TEMPLATES)
    cursor.execute(_FORGET_SKELETONS)


def forget_skeletons(cursor: duckdb.DuckDBPyConnection, message_sids: Sequence[str]) -> None:
    """Delete the hashes of texts of these messages' templates; a text that comes again is grouped anew."""
    cursor.execute(_FORGET_SKELETONS_OF, [list(message_sids)])


def read_template_words(lake: Readable, template_ids: Iterable[str] | None = None) -> dict[str, str]:
    """The words of templates by their ids; of all of them by default."""
    if template_ids is None:
        return dict(lake.rows("select template_id, words from text_templates"))
    sql = "select template_id, words from text_templates where list_contains($ids, template_id)"
    return dict(lake.rows(sql, {"ids": list(template_ids)}))


def _prepare_month(cursor: duckdb.DuckDBPyConnection, month: date, now: datetime) -> int:
    texts = cursor.execute(_TEXTS_WITHOUT, {"month": month}).to_arrow_table()
    template_of = _templates_of(cursor, texts, now)
    named = {"message_sid": list(template_of), "template": list(template_of.values())}
    cursor.register("named_texts", pa.table(named))
    try:
        cursor.execute(_NAME_TEXTS, {"month": month})
    finally:
        cursor.unregister("named_texts")
    return len(template_of)


def _templates_of(cursor: duckdb.DuckDBPyConnection, texts: pa.Table, now: datetime) -> dict[str, str]:
    """The template's id of each message that has one, by SID; what is new is saved."""
    cursor.register("arriving_texts", texts)
    try:
        cursor.execute(_STAGE_SKELETONS)
        unknown: list[tuple[str, str]] = cursor.execute(_UNKNOWN_SKELETONS).fetchall()
        if unknown:
            _save_new(cursor, unknown, now)
        return dict(cursor.execute(_TEMPLATE_OF_SID).fetchall())
    finally:
        cursor.execute("drop table if exists arriving_skeletons")
        cursor.unregister("arriving_texts")


def _save_new(cursor: duckdb.DuckDBPyConnection, unknown: Sequence[tuple[str, str]], now: datetime) -> None:
    """Find the templates of new skeletons, given as pairs of id and skeleton, the most frequent first."""
    key = saving_key(cursor)
    known = _read_near(cursor, [skeleton for _, skeleton in unknown], key)
    finder = TemplateFinder(known, key)
    before = {template.template_id: (" ".join(template.words), template.longest) for template in known}
    templates: dict[str, TextTemplate] = {}
    pairs = []
    for skeleton_id, skeleton in unknown:
        template = finder.find(skeleton)
        template.template_id = template.template_id or f"T{skeleton_id[:12]}"
        templates[template.template_id] = template
        pairs.append({"skeleton_id": skeleton_id, "template_id": template.template_id})
    changed = [
        template
        for id, template in templates.items()
        if before.get(id) != (" ".join(template.words), template.longest)
    ]
    _write(cursor, _INSERT_SKELETONS, pa.Table.from_pylist(pairs))
    if changed:
        rows = [_row(template) for template in changed]
        _write(cursor, _MERGE_TEMPLATES, pa.Table.from_pylist(rows), {"now": now})


def _write(
    cursor: duckdb.DuckDBPyConnection,
    sql: LiteralString,
    rows: pa.Table,
    parameters: dict[str, Any] | None = None,
) -> None:
    cursor.register("new_rows", rows)
    try:
        cursor.execute(sql, parameters)
    finally:
        cursor.unregister("new_rows")


def _row(template: TextTemplate) -> dict[str, Any]:
    return {
        "template_id": template.template_id,
        "words": " ".join(template.words),
        "longest": template.longest,
        "start_hash": template.start,
        "end_hash": template.end,
    }


def _read_near(cursor: duckdb.DuckDBPyConnection, skeletons: Iterable[str], key: bytes) -> list[TextTemplate]:
    """The templates that begin or end as one of these texts does, the oldest first."""
    ends = [ends_of(skeleton, key) for skeleton in skeletons]
    near = {"starts": list({start for start, _ in ends}), "ends": list({end for _, end in ends})}
    return [
        TextTemplate(words.split(" "), longest, start, end, template_id)
        for template_id, words, longest, start, end in cursor.execute(_NEAR_TEMPLATES, near).fetchall()
    ]


_STAGE_SKELETONS = f"""
    create temp table arriving_skeletons as
    select message_sid, skeleton, md5(skeleton) as skeleton_id
    from (select message_sid, {SKELETON} as skeleton from arriving_texts where is_outbound and body <> '')
"""
_UNKNOWN_SKELETONS = """
    select skeleton_id, any_value(skeleton)
    from arriving_skeletons
    where skeleton_id not in (select skeleton_id from text_skeletons)
    group by skeleton_id
    order by count(*) desc, skeleton_id
"""
_TEMPLATE_OF_SID = """
    select message_sid, template_id
    from arriving_skeletons join text_skeletons using (skeleton_id)
"""
_NEAR_TEMPLATES = """
    select template_id, words, longest, start_hash, end_hash
    from text_templates
    where list_contains($starts, start_hash) or list_contains($ends, end_hash)
    order by found_at, template_id
"""
_INSERT_SKELETONS = "insert into text_skeletons select skeleton_id, template_id from new_rows"
_MERGE_TEMPLATES = """
    merge into text_templates t using new_rows n on t.template_id = n.template_id
    when matched then update set words = n.words, longest = n.longest
    when not matched then insert values
        (n.template_id, n.words, n.longest, n.start_hash, n.end_hash, $now)
"""
_WITHOUT = "is_outbound and body <> '' and template is null"
_MONTHS_WITHOUT = f"""
    select distinct cast(date_trunc('month', date_created) as date)
    from raw_messages where {_WITHOUT} order by 1
"""
_IN_MONTH = "date_created >= $month::date and date_created < $month::date + interval 1 month"
_TEXTS_WITHOUT = f"select message_sid, is_outbound, body from raw_messages where {_WITHOUT} and {_IN_MONTH}"
_NAME_TEXTS = """
    merge into raw_messages t using named_texts n
    on t.message_sid = n.message_sid
        and t.date_created >= $month::date and t.date_created < $month::date + interval 1 month
    when matched then update set template = n.template
"""
_USED = "select template from raw_messages where template is not null and body <> ''"
_HAS_UNUSED = f"select exists(from text_templates where template_id not in ({_USED}))"
_FORGET_TEMPLATES = f"delete from text_templates where template_id not in ({_USED})"
_FORGET_SKELETONS = f"delete from text_skeletons where template_id not in ({_USED})"
_FORGET_SKELETONS_OF = """
    delete from text_skeletons
    where template_id in (select template from raw_messages where list_contains(?, message_sid))
"""
