"""The components that a browser draws, each a few kilobytes of our own JavaScript around plain data.

They need no design library, so the same component works on a page and in a notebook cell, offline.
"""

from __future__ import annotations

import hashlib
import logging
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import panel
import param
from panel.custom import JSComponent
from panel.io.state import state

from workbench.browser.components import COMPONENTS
from workbench.browser.panels import MOST_ASKED
from workbench.browser.schema import check
from workbench.errors import UsageError
from workbench.ui import theme

log = logging.getLogger(__name__)

SHARED_SCRIPTS = ("shared", "asking")
"""What every component's script is prefixed with."""
PLOTLY_FILE = "plotly-cartesian-4.1.1.min.js"
_carrying_plotly: weakref.WeakSet[Any] = weakref.WeakSet()


def _script(*names: str) -> str:
    return "\n".join(theme.read_static(f"{name}.js") for name in (*SHARED_SCRIPTS, *names))


def _styles(name: str) -> list[str]:
    return [theme.tokens_css(), theme.read_static("base.css"), theme.read_static(f"{name}.css")]


def read_messages(component: str, data: object) -> dict[str, Any]:
    """The messages that a component of this name sent, by name.

    Raises:
        UsageError: a message is not in the component's contract, or its payload has another form.
    """
    known = COMPONENTS[component].messages if component in COMPONENTS else {}
    if not isinstance(data, dict):
        raise UsageError(f"{component} sends its messages as an object.")
    for name, payload in data.items():
        if name not in known:
            raise UsageError(f"{component} sends no {ascii(name)[:40]}; its messages are {', '.join(known)}.")
        check(known[name], payload, f"the message {name!r} of {component}")
    return data


class PlainScript(JSComponent):  # type: ignore[misc]
    """A component in plain JavaScript. The browser compiles nothing: that saves a third of the paint."""

    __abstract = True
    _esm = "export function render() {}"

    def _get_properties(self, doc: Any) -> dict[str, Any]:
        properties: dict[str, Any] = super()._get_properties(doc)
        # Panel takes this as a ready bundle, and the browser caches it under this name.
        return {**properties, "bundle": hashlib.sha256(properties["esm"].encode()).hexdigest()}


class Component(PlainScript):
    """A component whose messages from the browser go to named handlers.

    A message is ``{name: payload}``; :meth:`on` sets the handler of a name.
    """

    __abstract = True
    _esm = "export function render() {}"

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._handlers: dict[str, Callable[[Any], None]] = {}
        #: Draws this component anew, with what was chosen in it; a page sets it.
        self.redraw: Callable[[], None] = lambda: None
        #: Answers a change of the filters that could not be read; a page sets it.
        self.refuse_change: Callable[[int], None] = lambda asked: None

    def on(self, name: str, handler: Callable[[Any], None]) -> None:
        """Call ``handler`` with the payload of each message of this name."""
        self._handlers[name] = handler

    def _handle_msg(self, data: Any) -> None:
        try:
            messages = read_messages(type(self).__name__, data)
        except UsageError as error:
            # A browser of ours sends nothing malformed, and there is nobody to tell it to.
            log.warning("a message of a browser was refused: %s", error)
            self._answer_all_the_same(data)
            return
        try:
            for name, payload in messages.items():
                if name in self._handlers:
                    self._handlers[name](payload)
        except Exception:
            self._answer_all_the_same(data)
            raise

    def _answer_all_the_same(self, data: Any) -> None:
        """The panels of a browser that asked for other filters are hidden until there is an answer."""
        asked = data.get("asked") if isinstance(data, dict) else None
        if isinstance(asked, int) and 0 <= asked <= MOST_ASKED:
            self.refuse_change(asked)


class PanelComponent(Component):
    """The component of one panel, in one of four states: loading, ok, empty, error.

    ``answered`` is the number of the filter change that it shows, -1 before it shows any. Sends ``asked``:
    the number of the change that it asks for.
    """

    __abstract = True
    _esm = "export function render() {}"

    title = param.String(default="")
    subtitle = param.String(default="")
    definition = param.Dict(default={})
    state = param.Selector(default="loading", objects=["loading", "ok", "empty", "error"])
    message = param.String(default="")
    clickable = param.Boolean(default=False)
    links = param.Dict(default={})
    page_key = param.String(default="")
    answered = param.Integer(default=-1)


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
    can_save = param.Boolean(default=False)
    notice = param.String(default="")
    deleted = param.String(default="")
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
