"""Regular expressions of rules, by RE2 as DuckDB has it: its time grows with the text, whatever the text.

Python's own expressions can take hours for a short hostile text. RE2 refuses what it cannot do in linear time
(look-arounds, references back) when the settings are read.
"""

from __future__ import annotations

import threading
from functools import cache

import duckdb

from workbench.errors import UsageError

_lock = threading.Lock()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1})


def matches(pattern: str, text: str) -> bool:
    """Whether the expression is found in the text, whatever the case.

    Raises:
        UsageError: it is no regular expression of RE2.
    """
    with _lock:
        try:
            row = _engine().execute("select regexp_matches(?, ?, 'i')", [text, pattern]).fetchone()
        except duckdb.Error as error:
            reason = str(error).partition(":")[2].strip().splitlines()[0]
            raise UsageError(
                f"{pattern!r} is no regular expression of RE2: {reason}. RE2 has no look-around and no "
                "reference back; see https://github.com/google/re2/wiki/Syntax."
            ) from error
    return bool(row and row[0])
