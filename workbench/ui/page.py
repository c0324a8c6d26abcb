"""The pattern of every dashboard: a description that a server opens in the shell and a notebook in a cell."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document
from panel.io.state import state
from panel.util import edit_readonly
from tornado.ioloop import IOLoop

from workbench.errors import UsageError, WorkbenchError
from workbench.roles import current_user
from workbench.ui import theme
from workbench.ui.bell import bells
from workbench.ui.components import Blank, PagesMenu, TopBar
from workbench.ui.explore_state import EXPLORE_DEFAULTS
from workbench.ui.filters import FIELDS, FILTER_DEFAULTS
from workbench.ui.lake_changes import RedrawPace
from workbench.ui.navigation import PageInfo, discover_pages, split_docstring
from workbench.ui.panels.kinds import Panel
from workbench.ui.row_list_state import ROW_LIST_DEFAULTS
from workbench.ui.session import PageSession, Steps, run_here
from workbench.ui.store import Store, current_store

log = logging.getLogger(__name__)

COMMON_FILTERS = tuple(name for name, field in FIELDS.items() if not field.of_rows)
_DRAWER_WIDTH = 276
_THEME_COOKIE = "workbench_theme"


class Page:
    """A dashboard: its title, its filters and its panels.

    Args:
        name: the file's name without ``.py``; the page's address.
        docstring: the module's; its first line ``Title: description`` names the page.
        panels: what it shows, from the top.
        filters: fields of :data:`workbench.ui.filters.FIELDS`; period, comparison, time zone and direction
            are always there.
        has_filters: it is about messages of a period; a page about the installation has none.
        has_question: it asks what the reader chooses; its link also says what that is.
        has_rows: it lists messages, so its link also says what is searched, sorted and opened.
        needs: a filter of which the page is about one value: without one it says where to choose it.
        defaults: filter values of the plain address that differ from the usual ones.
    """

    def __init__(
        self,
        name: str,
        docstring: str | None,
        panels: Sequence[Panel],
        *,
        filters: Sequence[str] = COMMON_FILTERS,
        defaults: Mapping[str, Any] | None = None,
        has_rows: bool = False,
        has_question: bool = False,
        has_filters: bool = True,
        needs: str = "",
    ) -> None:
        self.name = name
        self.title, self.description = split_docstring(docstring or "", name)
        self.panels = tuple(panels)
        self.filters = tuple(dict.fromkeys([*filters, *FIELDS] if has_rows else filters))
        self.has_filters = has_filters
        self.needs = needs
        #: Whether each of its panels can be downloaded, at addresses that its name begins.
        self.has_files = True
        row_list = ROW_LIST_DEFAULTS if has_rows else {}
        question = EXPLORE_DEFAULTS if has_question else {}
        fields: dict[str, Any] = {field: [] for field in self.filters}
        self.defaults = {**FILTER_DEFAULTS, **fields, **row_list, **question, **(defaults or {})}

    def __repr__(self) -> str:
        return f"Page({self.name!r}: {self.title}, {len(self.panels)} panels)"

    def open(
        self,
        query: str | Mapping[str, Any] = "",
        store: Store | None = None,
        run: Callable[[Steps], None] = run_here,
    ) -> PageSession:
        """A live session of this page, filtered as the link says, not drawn yet."""
        store = store or current_store()
        session = PageSession(self.title, self.panels, self.filters, self.defaults, store, run, self.name)
        session.has_filters, session.needs = self.has_filters, self.needs
        session.start(query)
        return session

    def servable(self) -> Page:
        """Show this page where a server is opening one; nothing elsewhere. Call it at the file's end."""
        if state.curdoc is not None and state.curdoc.session_context and not state.curdoc.roots:
            self.serve().servable()
        return self

    def serve(self) -> pmui.Page:
        """The page in its shell for the browser session being opened, or what keeps it from opening."""
        try:
            session = self.open(_query_of_request(), run=run_beside)
        except WorkbenchError as error:
            return error_page(self.name, "This page cannot open", str(error))
        session.head.owns_address = True
        session.is_served = self.has_files
        shell = page_shell(self.name, self.title, [session.head, session.empty, session.layout], session)
        _follow_lake(session, shell)
        return shell

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """In a notebook: the page without its shell, filtered by its defaults."""
        if "ipykernel" in sys.modules and not pn.extension._loaded:
            # Inline, because a notebook may be offline.
            pn.extension(inline=True)
        return self.show()._repr_mimebundle_(include, exclude)

    def show(self, **filters: Any) -> pn.Column:
        """The page with other filters, for example ``page.show(period="7d", country="US")``.

        In a notebook that has not shown a page before, call ``panel.extension(inline=True)`` first.
        """
        session = self.open(filters)
        session.refresh()
        return pn.Column(
            session.head,
            session.empty,
            session.layout,
            sizing_mode="stretch_width",
            stylesheets=[":host { gap: 14px; }"],
        )


def load_page(info: PageInfo) -> Page:
    """Run a dashboard's file and return its ``page``.

    Raises:
        UsageError: the file names no page, or one of another name.
        ConfigError: others can write a file of the users' own. Whatever else its code raises comes through.
    """
    module = ModuleType(f"dashboards.{info.name}")
    module.__file__ = str(info.path)
    # The text that was checked is the one that runs, and nothing is written beside it.
    exec(compile(info.source(), str(info.path), "exec"), module.__dict__)
    page = getattr(module, "page", None)
    if not isinstance(page, Page) or page.name != info.name:
        raise UsageError(
            f"{info.path.name} must name its page: page = ui.Page({info.name!r}, __doc__, [...])."
        )
    return page


def error_page(name: str, title: str, message: str) -> pmui.Page:
    """The shell with nothing but an explanation in it, for a page that cannot be shown."""
    return page_shell(name, title, [Blank(title=title, message=message, failed=True)], None)


def page_shell(name: str, title: str, main: Sequence[Any], session: PageSession | None) -> pmui.Page:
    """App bar, drawer and theme around the content; the same for every page."""
    pages = [
        {"name": info.name, "title": info.title, "description": info.description}
        for info in discover_pages()
        if info.is_listed
    ]
    bar = TopBar(pages=pages, current=name, person=_signed_in())
    sidebar: list[Any] = [PagesMenu(pages=pages, current=name)]
    has_filters = session is not None and session.has_filters
    if session:
        session.filter_menu.param.update(pages=pages, current=name)
        if has_filters:
            sidebar = [session.filter_menu]
        session.head.param.watch(lambda event: setattr(bar, "query", event.new), "query")
    content = pn.Column(*main, stylesheets=[_MAIN_CSS], sizing_mode="stretch_width", margin=0)
    watchers = _busy_watchers()
    shell = pmui.Page(
        header=[bar, *bells()],
        sidebar=sidebar,
        main=[content],
        meta_title=f"{title} · Workbench",
        sidebar_width=_DRAWER_WIDTH,
        sidebar_resizable=False,
        sidebar_open=has_filters and "Mobi" not in (state.headers or {}).get("User-Agent", ""),
        dark_theme=_wants_dark(),
        theme_config=theme.material_theme(),
        raw_css=[theme.font_css(), theme.DOCUMENT_CSS],
        sx=_SHELL_SX,
    )
    with edit_readonly(shell):
        shell.busy = False
    for watcher in _busy_watchers():
        if watcher not in watchers:
            state.param.unwatch(watcher)
    return shell


def _signed_in() -> dict[str, str]:
    """Who is signed in; nothing where nobody has to."""
    person = current_user()
    return {} if person.is_local else {"name": person.name, "role": person.role}


def _busy_watchers() -> list[Any]:
    """The watchers of the busy flag of the whole process.

    Every Page adds one and never removes it, so every page ever opened would stay in memory. Our pages set
    their own busy flag instead.
    """
    return list(state.param.watchers.get("busy", {}).get("value", []))


def _follow_lake(session: PageSession, shell: pmui.Page) -> None:
    """Draw once the browser is connected, and again whenever somebody committed to the lake."""

    def set_busy(is_busy: bool) -> None:
        with edit_readonly(shell):
            shell.busy = is_busy

    def drawing() -> Steps:
        yield partial(set_busy, True)
        yield from session.refreshing()
        yield partial(set_busy, False)

    pn.state.onload(lambda: run_beside(drawing()))
    # Only where a browser came: the server opens each page once without, and never destroys that session.
    pn.state.onload(lambda: _watch_lake(session))


def _watch_lake(session: PageSession) -> None:
    """Draw changes of the lake for as long as the browser is connected."""
    loop, doc, lake_changes = IOLoop.current(), pn.state.curdoc, session.store.lake_changes
    left = threading.Event()

    def look(done: Callable[[], None]) -> None:
        # The document of a browser that left is destroyed; its callbacks must not be used.
        if left.is_set():
            return
        if _is_watched(doc):
            doc.add_next_tick_callback(lambda: session.refresh_if_new(done))
        else:
            done()

    def leave(_: object) -> None:
        left.set()
        lake_changes.remove(listener)

    pace = RedrawPace(look, loop.call_later)
    listener = lake_changes.add(lambda: loop.add_callback(pace.lake_changed))
    pn.state.on_session_destroyed(leave)


def _is_watched(doc: Document) -> bool:
    """Whether a browser is connected. One that left may come back; until then nothing is drawn."""
    context = doc.session_context
    session = getattr(context, "session", None)
    return session is None or session.connection_count > 0


def run_beside(steps: Steps) -> None:
    """Ask the lake on a thread and change the page on the server's thread, so that no other page waits."""

    async def take_turns() -> None:
        while step := await asyncio.to_thread(next, steps, None):
            await asyncio.sleep(step() or 0)

    state.execute(take_turns)


def _query_of_request() -> dict[str, list[str]]:
    arguments = state.session_args or {}
    return {
        name: [value.decode("utf-8", "replace") for value in values] for name, values in arguments.items()
    }


def _wants_dark() -> bool:
    asked = _query_of_request().get("theme")
    return (asked[-1] if asked else (state.cookies or {}).get(_THEME_COOKIE)) == "dark"


_MAIN_CSS = """
:host { padding: 20px 24px 40px; gap: 16px; max-width: 1560px; }
:host > * { margin: 0; width: auto; }
@media (max-width: 599px) { :host { padding: 14px 12px 28px; gap: 12px; } }
"""

_SHELL_SX = {
    ".MuiAppBar-root": {
        "bgcolor": "primary.contrastText",
        "color": "primary.main",
        "backgroundImage": "none",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    ".main": {"bgcolor": "background.default"},
    "@media (prefers-reduced-motion: reduce)": {
        "*": {"transition": "none !important", "animation": "none !important"}
    },
    ".MuiDrawer-paper": {"backgroundImage": "none", "borderRight": "1px solid", "borderColor": "divider"},
}
