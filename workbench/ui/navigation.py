"""Which pages there are: every file in ``dashboards/``, described by its own docstring."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
START_PAGE = "overview"


@dataclass(frozen=True)
class PageInfo:
    """A page as the navigation shows it. ``name`` is its file's and its address."""

    name: str
    title: str
    description: str
    path: Path


@lru_cache
def discover_pages(folder: Path = DASHBOARDS) -> tuple[PageInfo, ...]:
    """Every page, the overview first, then by ``NAV_ORDER`` (default 100) and title.

    Reads the files without running them, so that one broken page hides none.
    """
    pages = [(_nav_order(path), read_page_info(path)) for path in folder.glob("[!_]*.py")]
    return tuple(
        info
        for _, info in sorted(pages, key=lambda pair: (pair[1].name != START_PAGE, pair[0], pair[1].title))
    )


def read_page_info(path: Path) -> PageInfo:
    docstring = ast.get_docstring(_parse(path)) or ""
    title, description = split_docstring(docstring, path.stem)
    return PageInfo(path.stem, title, description, path)


def split_docstring(docstring: str, name: str) -> tuple[str, str]:
    """``"Overview: what happened."`` is the title “Overview” and the description “What happened.”"""
    first = docstring.strip().split("\n\n")[0].replace("\n", " ")
    title, _, description = first.partition(":")
    description = description.strip()
    return title.strip() or name.replace("_", " ").capitalize(), description[:1].upper() + description[1:]


def _nav_order(path: Path) -> int:
    for statement in _parse(path).body:
        is_order = isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "NAV_ORDER" for target in statement.targets
        )
        if is_order and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, int):  # type: ignore[attr-defined]
            return statement.value.value  # type: ignore[attr-defined]
    return 100


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        # The page itself shows what is wrong with it.
        return ast.Module(body=[], type_ignores=[])
