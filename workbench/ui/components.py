"""The components that a browser draws, each a few kilobytes of our own JavaScript around plain data.

They need no design library, so the same component works on a page and in a notebook cell, offline.
"""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any, ClassVar

import panel
import param
from panel.io.state import state

from workbench.ui import theme
from workbench.ui.component_base import Component, PanelComponent

SHARED_SCRIPTS = ("shared", "asking")
"""What every component's script is prefixed with."""
PLOTLY_FILE = "plotly-cartesian-4.1.1.min.js"
_carrying_plotly: weakref.WeakSet[Any] = weakref.WeakSet()


def _script(*names: str) -> str:
    return "\n".join(theme.read_static(f"{name}.js") for name in (*SHARED_SCRIPTS, *names))


def _styles(name: str) -> list[str]:
    return [theme.tokens_css(), theme.read_static("base.css"), theme.read_static(f"{name}.css")]


class CardRow(PanelComponent):
    """Headline cards; see :func:`workbench.ui.panels.cards.build_card` for one card's data."""

    cards = param.List(default=[])
    size = param.Selector(default="large", objects=["large", "small"])
    expected = param.Integer(default=4)

    _esm = _script("cards")
    _stylesheets: ClassVar[list[str]] = _styles("cards")


class ChartComponent(PanelComponent):
    """A plotly figure, drawn by the plotly.js that fits plotly.py. Sends ``click``: key, series."""

    figure = param.Dict(default=None, allow_None=True)
    summary = param.String(default="")
    plotly_url = param.String(default="")
    plotly_source = param.String(default="")

    _esm = _script("chart_points", "chart")
    _constants: ClassVar[dict[str, Any]] = {"dark_twins": theme.dark_twins()}
    # plotly.js writes its rules into the document, where a shadow root does not see them.
    _stylesheets: ClassVar[list[str]] = [
        (Path(panel.__file__).parent / "dist/css/models/plotly.css").read_text(encoding="utf-8"),
        *_styles("chart"),
    ]

    def _get_model(self, doc: Any, root: Any = None, parent: Any = None, comm: Any = None) -> Any:
        # On a page the browser fetches plotly.js once and caches it. A notebook has no server to fetch it
        # from, so the first chart of an output carries it.
        if comm is None:
            self.plotly_url = "/".join(filter(None, [state.rel_path, theme.STATIC_URL, PLOTLY_FILE]))
        elif doc not in _carrying_plotly:
            _carrying_plotly.add(doc)
            self.plotly_source = (theme.VENDOR / PLOTLY_FILE).read_text(encoding="utf-8")
        return super()._get_model(doc, root, parent, comm)


class TableComponent(PanelComponent):
    """A table to sort, search and copy. Sends ``click``: key; ``kind``: which of its ``tabs`` to show.

    See :mod:`workbench.ui.panels.tables`.
    """

    tabs = param.List(default=[])
    columns = param.List(default=[])
    rows = param.List(default=[])
    footnote = param.String(default="")
    first = param.Integer(default=0)
    rest = param.String(default="")

    _esm = _script("table")
    _stylesheets: ClassVar[list[str]] = _styles("table")


class TextComponent(PanelComponent):
    """Texts in full, what their characters cost, and the cheaper ones to copy."""

    texts = param.List(default=[])

    _esm = _script("text")
    _stylesheets: ClassVar[list[str]] = _styles("text")


class FindingsComponent(PanelComponent):
    """Sentences about what changed, each with a link to the page that shows more where ``linked``."""

    items = param.List(default=[])
    linked = param.Boolean(default=False)
    shown = param.Integer(default=1_000)

    _esm = _script("findings")
    _stylesheets: ClassVar[list[str]] = _styles("findings")


class RuleListComponent(PanelComponent):
    """Rules that act by themselves. Sends ``switch``: a rule on or off; ``test``: a dry run of a rule."""

    rules = param.List(default=[])
    tests = param.Dict(default={})
    may_switch = param.Boolean(default=False)
    notice = param.String(default="")

    _esm = _script("rules")
    _stylesheets: ClassVar[list[str]] = _styles("rules")


class ExploreComponent(PanelComponent):
    """What Explore asks, and saved views. Sends ``explore``: parts of the question; and changes of views."""

    metrics = param.List(default=[])
    dimensions = param.List(default=[])
    options = param.Dict(default={})
    values = param.Dict(default={})
    cell = param.String(default="")
    views = param.List(default=[])
    problems = param.List(default=[])
    mails = param.List(default=[])
    boards = param.List(default=[])
    may_mail = param.Boolean(default=False)
    alerts = param.List(default=[])
    may_watch = param.Boolean(default=False)
    windows = param.List(default=[])
    limit_unit = param.String(default="")
    can_save = param.Boolean(default=False)
    notice = param.String(default="")
    deleted = param.String(default="")
    saved = param.String(default="")
    query = param.String(default="")

    _esm = _script("explore")
    _stylesheets: ClassVar[list[str]] = _styles("explore")


class WorkComponent(PanelComponent):
    """A panel in which people act: lines of work, and a notice of what came of the last action."""

    __abstract = True
    _esm = "export function render() {}"

    notice = param.Dict(default={})
    limit = param.Integer(default=25)
    total = param.Integer(default=0)
    rows = param.List(default=[])


class AuditListComponent(WorkComponent):
    """The messages of one audit. Sends ``choose``: the place of the recipients, or how many lines."""

    places = param.List(default=[])
    place = param.String(default="")

    _esm = _script("work", "audits")
    _stylesheets: ClassVar[list[str]] = _styles("work")


class OptOutRequestsComponent(WorkComponent):
    """Free words that may mean stop. Sends ``choose``: their state; ``decide``; ``undo``."""

    view = param.String(default="waiting")
    counts = param.Dict(default={})
    may_decide = param.Boolean(default=False)

    _esm = _script("work", "opt_out_requests")
    _stylesheets: ClassVar[list[str]] = _styles("work")


class DoNotContactComponent(WorkComponent):
    """The do-not-contact list. Sends ``choose``: a search; ``record``: consent; ``remove``: an entry."""

    search = param.String(default="")
    may_record = param.Boolean(default=False)
    may_remove = param.Boolean(default=False)
    looked_up: tuple[str, str | None] = ("", None)
    """What is searched and the whole number in it, if it was looked up; never sent to the browser."""

    _esm = _script("work", "do_not_contact")
    _stylesheets: ClassVar[list[str]] = _styles("work")


class BoardComponent(PanelComponent):
    """The pages that people made, and the tiles of the open one. Sends ``add_page``, ``save_page``."""

    boards = param.List(default=[])
    problems = param.List(default=[])
    current = param.String(default="")
    shared = param.Boolean(default=False)
    may_change = param.Boolean(default=False)
    tiles = param.List(default=[])
    views = param.List(default=[])
    parts = param.List(default=[])
    widths = param.List(default=[])
    notice = param.String(default="")
    goto = param.String(default="")

    _esm = _script("boards")
    _stylesheets: ClassVar[list[str]] = _styles("boards")


class RowListComponent(PanelComponent):
    """Messages one by one, a page of them. Sends ``row_list``: search, order, page or the message to open.

    See :func:`workbench.ui.panels.rows.row_list_props` for its data.
    """

    rows = param.List(default=[])
    codes = param.Dict(default={})
    total = param.Integer(default=0)
    page = param.Integer(default=1)
    pages = param.Integer(default=1)
    sort = param.String(default="")
    search = param.String(default="")
    columns = param.List(default=[])
    timezone = param.String(default="UTC")

    _esm = _script("rows")
    _stylesheets: ClassVar[list[str]] = _styles("rows")


class MessageComponent(PanelComponent):
    """One message with its history, cost and conversation. Sends ``row_list``: another message to open.

    See :func:`workbench.ui.panels.rows.message_props` for its data.
    """

    record = param.Dict(default={})

    _esm = _script("message")
    _stylesheets: ClassVar[list[str]] = _styles("message")


class PageHead(Component):
    """Title, freshness, period, active filters and notices; owner of the address bar on a page.

    Sends ``address`` (Back or Forward), ``remove`` (a filter), ``dismiss`` (a notice), ``reset``,
    ``refresh``, ``auto`` (whether changes of the lake are drawn without a click). When ``goto`` changes, the
    browser opens that address. ``has_changes`` says that changes of the lake wait for a click. ``asked`` is
    the number of the filter change that the heading names.
    """

    title = param.String(default="")
    query = param.String(default="")
    owns_address = param.Boolean(default=False)
    freshness = param.Dict(default={})
    period = param.Dict(default={})
    chips = param.List(default=[])
    notices = param.List(default=[])
    crumbs = param.List(default=[])
    links = param.List(default=[])
    auto = param.Boolean(default=True)
    has_changes = param.Boolean(default=False)
    goto = param.String(default="")
    page_key = param.String(default="")
    asked = param.Integer(default=0)

    _esm = _script("head")
    _stylesheets: ClassVar[list[str]] = _styles("head")


class FilterMenu(Component):
    """The filter drawer. Sends ``filter``: a whole query, which Python checks like a link; ``reset``."""

    fields = param.List(default=[])
    values = param.Dict(default={})
    days = param.Dict(default={})
    pages = param.List(default=[])
    current = param.String(default="")
    query = param.String(default="")
    page_key = param.String(default="")

    _esm = _script("nav", "filters")
    _stylesheets: ClassVar[list[str]] = _styles("filters")


class PagesMenu(Component):
    """The drawer of a page that has no filters: links to the other pages."""

    pages = param.List(default=[])
    current = param.String(default="")
    query = param.String(default="")

    _esm = _script("nav", "pages")
    _stylesheets: ClassVar[list[str]] = _styles("pages")


class TopBar(Component):
    """Product name and links to the other pages; keeps the choice of light or dark in a cookie."""

    product = param.String(default="Workbench")
    badge = param.String(default="")
    pages = param.List(default=[])
    current = param.String(default="")
    query = param.String(default="")
    person = param.Dict(default={})

    _esm = _script("nav", "topbar")
    _stylesheets: ClassVar[list[str]] = _styles("topbar")


class Blank(Component):
    """A page that has nothing to show: the reason, and the commands that help."""

    title = param.String(default="")
    message = param.String(default="")
    commands = param.List(default=[])
    link = param.String(default="")
    link_text = param.String(default="")
    failed = param.Boolean(default=False)

    _esm = _script("blank")
    _stylesheets: ClassVar[list[str]] = _styles("blank")
