"""The pages that a server shows: loaded once, and an installation's own again when its file has changed."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.metrics.own.current import look_again
from workbench.ui.navigation import PageInfo
from workbench.ui.page import Page, error_page, load_page
from workbench.ui.store import current_store

log = logging.getLogger(__name__)


class ServedPage:
    """One page for as long as the server runs."""

    def __init__(self, info: PageInfo) -> None:
        self.info = info
        self._version = _version(info.path)
        self.page, self.failure = load_or_explain(info)

    def open(self) -> Any:
        """What Panel asks for each browser: the page in its shell, or why it cannot be shown.

        A page that fails must not look like an empty one, nor stop the others.
        """
        self.follow_file()
        if self.page is None:
            return error_page(self.info.name, "This page is broken", self.failure)
        return _open_or_explain(self.page)

    def follow_file(self) -> None:
        """Load an own page again whose file has changed, and the metrics that changed with it."""
        home = self.info.home
        if home is None:
            return
        version = _version(self.info.path)
        if version != self._version:
            self._version = version
            self.page, self.failure = load_or_explain(self.info)


class ServedPages(Mapping[str, Page]):
    """All pages by name; those that cannot be loaded are left out."""

    def __init__(self, infos: Iterable[PageInfo]) -> None:
        self.all = {info.name: ServedPage(info) for info in infos}

    def __getitem__(self, name: str) -> Page:
        page = self.all[name].page
        if page is None:
            raise KeyError(name)
        return page

    def __iter__(self) -> Iterator[str]:
        return (name for name, served in self.all.items() if served.page)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def openers(self, home: Path) -> dict[str, Callable[[], Any]]:
        """What Panel calls for each address."""
        return {f"/{name}": _opener(served, home) for name, served in self.all.items()}


def _opener(served: ServedPage, home: Path) -> Callable[[], Any]:
    def open_page() -> Any:
        if look_again(home):
            current_store().forget_answers()
        return served.open()

    return open_page


def load_or_explain(info: PageInfo) -> tuple[Page | None, str]:
    """The page of a file, or why it cannot be loaded."""
    try:
        return load_page(info), ""
    # A file that ends the interpreter must not end the server.
    except (Exception, SystemExit) as error:
        log.exception("the page %s cannot be loaded", info.path)
        where = f" (line {line})" if (line := _line_of(error, info.path)) else ""
        return None, f"{info.path.name} cannot be loaded: {type(error).__name__}: {error}{where}"


def _line_of(error: BaseException, path: Path) -> int | None:
    """The line of the page's own file at which it failed."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return lines[-1] if lines else None


def _open_or_explain(page: Page) -> Any:
    try:
        return page.serve()
    except Exception:
        log.exception("the page %s cannot be opened", page.name)
        return error_page(
            page.name, "This page is broken", "It failed while opening. The reason is in the server's log."
        )


def _version(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
