"""Views and macros: what each is today stands in one file, ``sql/views/NAME.sql``, and nowhere else.

They are repeatable migrations (Flyway's term): a view is made anew where the lake has another text of it. The
table ``schema_views`` keeps the digest of the text that made it. Every view is made after what it uses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources

import duckdb

from workbench.lake.quoting import identifier

#: What `create or replace` makes, and the words that drop it.
_DROP = {
    "view": "drop view if exists",
    "macro": "drop macro if exists",
    "table macro": "drop macro table if exists",
}
_HEAD = re.compile(
    r"-- (?:grain: one row per|gives:) \S.*\n-- version: (?P<version>\d+)\n(?:--.*\n)*"
    r"create or replace (?P<kind>view|macro) (?P<name>\w+)(?:\([\w, ]*\))? as(?P<table> table)?\b"
)
_COMMENTS_AND_TEXTS = re.compile(r"--[^\n]*|'(?:[^']|'')*'")


@dataclass(frozen=True)
class ViewDefinition:
    """A view or macro: as its file has it, or as the lake was given it."""

    name: str
    kind: str
    version: int
    """Counted over all views: whatever changes takes the next number (see CONTRIBUTING.md)."""
    digest: str


@dataclass(frozen=True)
class ViewFile(ViewDefinition):
    sql: str


@cache
def known_views() -> Mapping[str, ViewFile]:
    """All views and macros of this version by name."""
    files = sorted(
        (resources.files("workbench.lake") / "sql" / "views").iterdir(), key=lambda file: file.name
    )
    return {
        file.name.removesuffix(".sql"): parse_view(file.name, file.read_text(encoding="utf-8"))
        for file in files
        if file.name.endswith(".sql")
    }


def parse_view(file_name: str, text: str) -> ViewFile:
    """What a file under ``sql/views`` makes.

    Raises:
        ValueError: the file has not the form of CONTRIBUTING.md.
    """
    head = _HEAD.match(text)
    if not head or f"{head['name']}.sql" != file_name:
        name = file_name.removesuffix(".sql")
        raise ValueError(
            f"sql/views/{file_name} begins with {text[:60]!r}; it must begin with `-- grain: one row per …` "
            "(of a macro: `-- gives: …`) and `-- version: N`, and after other comments come to "
            f"`create or replace view {name} as` (or `create or replace macro {name}(…) as`)."
        )
    kind = "table macro" if head["table"] else head["kind"]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ViewFile(head["name"], kind, int(head["version"]), digest, text)


def stored_views(cursor: duckdb.DuckDBPyConnection) -> dict[str, ViewDefinition]:
    """The views that the lake was given by this mechanism, by name.

    Raises:
        duckdb.CatalogException: it is a lake from before it.
    """
    rows = cursor.execute("select name, kind, version, digest from schema_views").fetchall()
    return {row[0]: ViewDefinition(*row) for row in rows}


def differing_views(stored: Mapping[str, ViewDefinition]) -> tuple[str, ...]:
    """Names of the views that the lake lacks, has with another text, or has without a file of today."""
    known = known_views()
    return tuple(
        name
        for name in sorted(known.keys() | stored.keys())
        if name not in known or name not in stored or known[name].digest != stored[name].digest
    )


def apply_views(cursor: duckdb.DuckDBPyConnection, stored: Mapping[str, ViewDefinition]) -> None:
    """Make what differs as the files say, within the transaction of the caller.

    Args:
        stored: what the lake has now, see :func:`stored_views`.
    """
    known = known_views()
    names = differing_views(stored)
    for name in stored.keys() & names:
        if name not in known or known[name].kind != stored[name].kind:
            cursor.execute(f"{_DROP[stored[name].kind]} {identifier(name)}")
        cursor.execute("delete from schema_views where name = ?", [name])
    for view in in_order(known.values()):
        if view.name in names:
            cursor.execute(view.sql)
            cursor.execute(
                "insert into schema_views values (?, ?, ?, ?, now())",
                [view.name, view.kind, view.version, view.digest],
            )


def in_order(views: Iterable[ViewFile]) -> list[ViewFile]:
    """Each after those whose names stand in its text.

    A column of the same name counts as well, which does no harm but in a circle.

    Raises:
        graphlib.CycleError: two use each other.
    """
    by_name = {view.name: view for view in views}
    uses = {
        name: (set(re.findall(r"\w+", _COMMENTS_AND_TEXTS.sub(" ", view.sql))) & by_name.keys()) - {name}
        for name, view in by_name.items()
    }
    return [by_name[name] for name in TopologicalSorter(uses).static_order()]
