"""What a search finds in messages and private notes, read from the lake once for all that is asked about it.

A list asks about the same search many times: for its rows, their order, why each was found, and how many
other views have. Each time would read every text of the lake.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

from workbench.lake.connect import Lake, LakeVersion

if TYPE_CHECKING:
    import pyarrow as pa

FOUND: LiteralString = "found_lines"
"""What is found, for a query inside :func:`reading_found`."""

_MOST_KEPT = 8
_MESSAGE_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")


def is_message_sid(text: str) -> bool:
    """Whether a search is for one message by its whole SID."""
    return _MESSAGE_SID.fullmatch(text) is not None


def found_sql(wanted: str) -> LiteralString:
    """What a search finds, by one part of a text in whatever case or a whole message SID, in `$wanted`.

    The latest message of either side with the text, and the latest private note, of each conversation: a row
    for each `our_side`, `contact` and `kind` (`theirs`, `ours`, `note`), with `told_at`, `message_sid` and,
    of notes alone, `note`.
    """
    if is_message_sid(wanted):
        return _LINES_SQL.format(found="message_sid = $wanted")
    return f"{_LINES_SQL.format(found=_HAS_TEXT)} union all {_NOTES_SQL}"


class FoundLines:
    """What the last searches found. Safe to call from several threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._snapshot = 0
        self._kept: OrderedDict[str, pa.Table] = OrderedDict()

    def of(self, search: str) -> pa.Table:
        """The rows of :func:`found_sql`, as they are in the lake now.

        Raises:
            LakeError: the lake cannot be read now.
        """
        wanted = search.strip()
        with self._lock:
            snapshot = self._lake.snapshot_id()
            if snapshot != self._snapshot:
                # All of it: what was erased from the lake goes from memory, too, with the next search.
                self._kept.clear()
                self._snapshot = snapshot
            table = self._kept.pop(wanted, None)
            if table is None:
                table = _read(self._lake, wanted)
            self._kept[wanted] = table
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return table


def _read(lake: Lake, wanted: str) -> pa.Table:
    with lake.version() as version:
        return version.cursor.execute(found_sql(wanted), {"wanted": wanted}).to_arrow_table()


@contextmanager
def reading_found(lake: Lake, found_table: pa.Table) -> Iterator[LakeVersion]:
    """What answers a question about the lake in which :data:`FOUND` is a table.

    Raises:
        LakeError: the lake cannot be read now.
    """
    with lake.cursor() as cursor:
        cursor.register(FOUND, found_table)
        yield LakeVersion(cursor)


#: Finds the same as `ilike` with a pattern, in less than half of its time.
_HAS_TEXT: LiteralString = "contains(lower(body), lower($wanted))"
_LINES_SQL: LiteralString = """
    select
        our_side, contact, case when is_outbound then 'ours' else 'theirs' end as kind,
        max(date_created) as told_at,
        min({{'before': -epoch_us(date_created), 'sid': message_sid}})['sid'] as message_sid,
        null::varchar as note
    from conversation_lines where {found} group by our_side, contact, is_outbound
"""
_NOTES_SQL: LiteralString = """
    select
        l.our_side, l.contact, 'note', max(e.happened_at), null,
        max({'at': e.happened_at, 'note': e.value})['note']
    from conversation_events e
    join conversation_lines l on l.conversation_id = e.conversation_id
    where e.kind = 'note' and contains(lower(e.value), lower($wanted))
    group by l.our_side, l.contact
"""
