"""Which pages there are: the files in ``dashboards/`` of the product, and those of the installation.

Each is described by its own docstring. Files are read without running them, so that one broken page hides
none.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workbench.built_in import built_in_folder
from workbench.errors import ConfigError, UsageError
from workbench.own_files import PAGES, check_name, list_own_files, own_file_versions, read_own_file

DASHBOARDS = built_in_folder("dashboards")
START_PAGE = "overview"

TAKEN = frozenset(
    {"download", "favicon", "healthz", "login", "logout", "metrics", "readyz", "static", "webhooks"}
)
"""First words of addresses that a server has for something else than a page."""

_own_home: Path | None = None
_own_names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PageInfo:
    """A page as the navigation shows it. ``name`` is its file's and its address.

    ``home`` is the installation whose users wrote it; None for a page of the product. ``problem`` says why
    its file is not even read. ``is_listed`` is False for a page that other pages lead to, and no menu.
    """

    name: str
    title: str
    description: str
    path: Path
    home: Path | None = None
    problem: str = ""
    is_listed: bool = True

    def source(self) -> str:
        """The code of the page as it is now.

        Raises:
            ConfigError: others can write a file of the users' own.
        """
        return read_own_file(self.home, self.path) if self.home else self.path.read_text(encoding="utf-8")


def use_own_pages(home: Path | None) -> None:
    """Find the pages that lie in the ``dashboards/`` of this installation now too, in this process.

    A server has an address for each of these; one that comes later is found when it starts again.
    """
    global _own_home, _own_names
    _own_home = home
    _own_names = frozenset(path.stem for path in list_own_files(home, PAGES)) if home else frozenset()


def discover_pages(folder: Path = DASHBOARDS) -> tuple[PageInfo, ...]:
    """Every page, the overview first, then by ``NAV_ORDER`` (default 100) and title.

    Those of the installation that :func:`use_own_pages` named are among the product's own.
    """
    pages = _built_in_pages(folder)
    if folder == DASHBOARDS and _own_home is not None:
        own = _own_pages(_own_home, own_file_versions(_own_home, PAGES))[0]
        pages = (*pages, *(pair for pair in own if pair[1].name in _own_names))
    ranked = sorted(pages, key=lambda pair: (pair[1].name != START_PAGE, pair[0], pair[1].title))
    return tuple(info for _, info in ranked)


def own_page_problems(home: Path) -> tuple[str, ...]:
    """What is wrong with files in the ``dashboards/`` of an installation, told without running them."""
    pages, problems = _own_pages(home, own_file_versions(home, PAGES))
    return (*problems, *(info.problem for _, info in pages if info.problem))


@lru_cache
def _built_in_pages(folder: Path) -> tuple[tuple[int, PageInfo], ...]:
    return tuple((_nav_order(text), page_info(path, text)) for path, text in _texts(folder))


def _texts(folder: Path) -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in folder.glob("[!_]*.py")]


@lru_cache(maxsize=8)
def _own_pages(home: Path, versions: object) -> tuple[tuple[tuple[int, PageInfo], ...], tuple[str, ...]]:
    """The pages of an installation, and what is wrong with files that can have no address."""
    pages, problems = [], []
    for path in list_own_files(home, PAGES):
        try:
            require_free_address(path.stem, shown=path)
        except UsageError as error:
            problems.append(str(error))
            continue
        try:
            text = read_own_file(home, path)
            pages.append((_nav_order(text), page_info(path, text, home)))
        except ConfigError as error:
            pages.append((100, page_info(path, "", home, str(error))))
    return tuple(pages), tuple(problems)


def require_free_address(name: str, *, shown: str | Path | None = None) -> None:
    """Whether a page of the users' own may have this name.

    Args:
        shown: what the message calls it, by default the name itself.

    Raises:
        UsageError: it is not possible as a name, or the product has something at that address.
    """
    check_name(PAGES, name, shown=shown)
    if name in TAKEN or name in {info.name for _, info in _built_in_pages(DASHBOARDS)}:
        raise UsageError(
            f"{shown or repr(name)}: the address /{name} is taken by the product itself. Choose another name."
        )


def page_info(path: Path, text: str, home: Path | None = None, problem: str = "") -> PageInfo:
    """A page by the docstring of its code."""
    title, description = split_docstring(ast.get_docstring(_parse(text)) or "", path.stem)
    is_listed = bool(_whole_number(text, "IN_MENU", 1))
    return PageInfo(path.stem, title, description, path, home, problem, is_listed)


def split_docstring(docstring: str, name: str) -> tuple[str, str]:
    """``"Overview: what happened."`` is the title “Overview” and the description “What happened.”"""
    first = docstring.strip().split("\n\n")[0].replace("\n", " ")
    title, _, description = first.partition(":")
    description = description.strip()
    return title.strip() or name.replace("_", " ").capitalize(), description[:1].upper() + description[1:]


def _nav_order(text: str) -> int:
    return _whole_number(text, "NAV_ORDER", 100)


def _whole_number(text: str, name: str, default: int) -> int:
    """The number that a page's code gives a name of its own; True and False are 1 and 0."""
    for statement in _parse(text).body:
        is_named = isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        )
        if is_named and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, int):  # type: ignore[attr-defined]
            return statement.value.value  # type: ignore[attr-defined]
    return default


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The page itself shows what is wrong with it.
        return ast.Module(body=[], type_ignores=[])
