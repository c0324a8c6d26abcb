"""Turns DuckDB's errors into ours, once, with the fix in the message."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from workbench.errors import (
    CatalogLost,
    LakeBusy,
    LakeDamaged,
    LakeError,
    LakeMoved,
    UsageError,
    WorkbenchError,
)
from workbench.lake.address import without_password
from workbench.lake.moved_mark import moved_to
from workbench.lake.query_check import WAY_OUT

log = logging.getLogger(__name__)

#: The statement is at fault, not the lake.
_STATEMENT_ERRORS = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
)
#: How DuckDB and libpq put that the connection to a Postgres catalog could not be made, or broke.
_AWAY = (
    "unable to connect to postgres",
    "connection to server",
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    'failed to execute query "rollback"',
    "the database system is",
)
_CONFLICTS = ("database is locked", "transaction conflict", "conflict", "could not serialize", "deadlock")

_CATALOG_DAMAGED = ("file is not a database", "database disk image is malformed", "file is encrypted")

#: How the operating system, DuckDB and SQLite each put it.
_DISK_FULL = ("no space left", "disk full", "disk is full", "disk i/o", "file too large")


def is_conflict(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is simply run again."""
    if not isinstance(error, duckdb.Error) or moved_to(str(error)):
        return False
    return any(word in str(error).lower() for word in _CONFLICTS)


def is_away(error: BaseException) -> bool:
    """Whether the server of the catalog could not be reached, or broke the connection."""
    return isinstance(error, duckdb.Error) and any(words in str(error).lower() for words in _AWAY)


def is_no_lake(error: duckdb.Error) -> bool:
    """Whether DuckLake found a database without its tables, where it was told to create none."""
    return "creating a new DuckLake is explicitly disabled" in str(error)


@contextmanager
def translated(
    lake: str, find_damage: Callable[[duckdb.Error], WorkbenchError | None] = lambda error: None
) -> Iterator[None]:
    """Re-raise DuckDB's and the file system's errors as LakeError, naming the lake.

    Args:
        find_damage: explains an error by a damaged file, if it can.
    """
    try:
        with interruptible():
            yield
    except duckdb.Error as error:
        raise find_damage(error) or explain(error, lake) from error
    except OSError as error:
        raise LakeError(f"The lake at {lake} cannot be used: {error.strerror or error}.") from error


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C in a statement ends it as everywhere in Python; DuckDB makes a RuntimeError of it."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def end_cursor(cursor: duckdb.DuckDBPyConnection) -> None:
    """Close a cursor; what Ctrl-C left running in it would keep it from closing until it is done.

    Nothing else is interrupted: an engine that rolls back must not be stopped in it.
    """
    if isinstance(sys.exc_info()[1], KeyboardInterrupt):
        cursor.interrupt()
    try:
        # Where a Postgres catalog went away in a transaction, the rollback fails. Left to the closing, which
        # has nobody to tell, DuckDB 1.5 ends the whole process.
        cursor.execute("ROLLBACK")
    except duckdb.Error as error:
        if not _is_no_transaction(error):
            log.debug("what was begun in the lake could not be taken back, and so was lost: %s", error)
    cursor.close()


def _is_no_transaction(error: duckdb.Error) -> bool:
    return "no transaction is active" in str(error)


def explain(error: duckdb.Error, lake: str) -> WorkbenchError:
    """Our error for DuckDB's."""
    text = one_line(str(error))
    lowered = text.lower()
    if to := moved_to(text):
        return LakeMoved(lake, to)
    if any(words in lowered for words in _DISK_FULL):
        return LakeError(
            f"The disk that holds the lake at {lake} is full ({text}). Nothing was half written: "
            "free some space and run the same command again."
        )
    if "locked" in lowered or is_conflict(error):
        return LakeBusy(f"The lake at {lake} stayed busy ({text}). Run the same command again.")
    if "permission denied" in lowered or "readonly" in lowered or "read-only file" in lowered:
        return LakeError(f"The lake at {lake} may not be written by this user ({text}). Check its owner.")
    is_broken = "current transaction is aborted" in lowered and lake.startswith("postgres:")
    if is_away(error) or is_broken:
        return LakeBusy(f"The catalog of the lake at {lake} does not answer ({text}). Is Postgres running?")
    if is_no_lake(error):
        return CatalogLost(
            f"The catalog of the lake at {lake} is gone: the database is empty or missing. Put it back "
            "from a copy."
        )
    if any(words in lowered for words in _CATALOG_DAMAGED):
        return LakeDamaged(
            f"The catalog of the lake at {lake} is damaged ({text}). It says which rows, opt-outs and "
            "erased people there are: end every server and notebook and put the catalog and its files back "
            "from a copy of the lake. Without a copy, `workbench sync --start-anew` sets everything aside "
            "and begins an empty lake."
        )
    if "disabled by configuration" in lowered:
        return UsageError(f"SQL sees only the lake: {text}. {WAY_OUT}")
    if "attached in read-only mode" in lowered:
        return UsageError("SQL can only read the lake; messages change through `workbench sync`.")
    if isinstance(error, _STATEMENT_ERRORS):
        return UsageError(f"SQL: {text}")
    return LakeError(f"The lake at {lake} reports: {text}")


def one_line(text: str) -> str:
    """An error text on one line, without a password of a connection string."""
    return without_password(" ".join(text.split()))
