"""One open page: it keeps filters and panels up to date while people click and syncs commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import panel as pn

from workbench.display import formats, moments
from workbench.display.periods import Period
from workbench.errors import WorkbenchError
from workbench.lake.number_lookups import look_up_number
from workbench.metrics import Freshness
from workbench.metrics.exploration import GRAINS
from workbench.roles import Actor, acting_as, current_user
from workbench.ui import theme
from workbench.ui.component_base import PanelComponent
from workbench.ui.components import Blank, FilterMenu, PageHead
from workbench.ui.explore_state import EXPLORE_DEFAULTS, MARK, after, grain_of, zoomed
from workbench.ui.filters import Filters, Option, parse_query, to_query
from workbench.ui.links import crumbs, messages_behind, page_links, panel_links
from workbench.ui.page_data import PageData
from workbench.ui.page_head import (
    comparison_text,
    empty_lake,
    filter_chips,
    filter_field,
    not_chosen,
    option_labels,
    period_line,
)
from workbench.ui.page_reading import page_data_of
from workbench.ui.panels.choosing import Choosing
from workbench.ui.panels.kinds import Panel
from workbench.ui.row_list_state import RESET_BY_FILTERS, ROW_LIST_DEFAULTS
from workbench.ui.store import Store, StoreClosed

log = logging.getLogger(__name__)

_UNEXPECTED = "This part could not be drawn. The reason is in the log of `workbench serve`."


#: The page waits 0.4 s before its slow queries, so that a second click is answered first.
_WAIT_BEFORE_SLOW_PANELS = 0.4

Steps = Iterator[Callable[[], float | None]]
"""Work on a page. The iterator asks the lake; each step that it yields changes the page.

A step may return for how many seconds to leave the lake to others before the next one.

The two are separate because a query may take long and runs on a thread of its own, while a page may be
changed on the server's thread only: two threads that write to one websocket break it.
"""


def run_here(steps: Steps) -> None:
    """Do all of the work at once, on this thread: for notebooks and tests."""
    for step in steps:
        step()


@dataclass(frozen=True)
class _LookUp:
    """What is searched on a page, and the whole number in it, if it was looked up."""

    search: str = ""
    number: str | None = field(default=None, repr=False)


class PageSession:
    """The live side of a page; see :class:`workbench.ui.page.Page` for the description it comes from.

    Args:
        run: does the work after a click, a changed filter or a change of the lake.
    """

    def __init__(
        self,
        title: str,
        panels: Sequence[Panel],
        names: Sequence[str],
        defaults: Mapping[str, Any],
        store: Store,
        run: Callable[[Steps], None] = run_here,
        name: str = "",
    ) -> None:
        self.store = store
        self.name = name
        self._run = run
        #: Whether a server answers at this page's address: without one there is nothing to link to.
        self.is_served = False
        #: Whether the page is about messages of a period; else it has no filters, and needs no message.
        self.has_filters = True
        #: A filter without which the page shows nothing but where to choose it.
        self.needs = ""
        self.names = tuple(names)
        self.defaults = {"timezone": store.timezone, **defaults}
        self.filters = Filters(**self.defaults)
        self.head = PageHead(title=title)
        self.filter_menu = FilterMenu()
        self.panels = list(panels)
        self.components: list[PanelComponent] = [panel.build() for panel in self.panels]
        self.empty = Blank(visible=False)
        self.layout = _layout(self.panels, self.components)
        page_key = uuid4().hex
        for component in (self.head, self.filter_menu, *self.components):
            component.page_key = page_key
        self._tickets = count(1)
        self._latest = 0  # nothing is drawn yet
        #: Each change of the filters has a number: the latest that was asked for, and the one that is drawn.
        self._asked = self._answering = 0
        self._snapshot: int | None = None
        self._looked_up = _LookUp()
        # Found on the server's thread only; panels are asked on another one.
        self._user = current_user()
        self._counts: Mapping[str, Mapping[str | None, int]] = {}

    def start(self, query: str | Mapping[str, Any]) -> None:
        """Take the filters of a link, then listen to the components; draws nothing yet."""
        run_here(self._apply(query, current_user()))
        self._listen()

    def _listen(self) -> None:
        for component in (self.head, self.filter_menu, *self.components):
            component.on("asked", self._note_asked)
            component.refuse_change = self._refuse_change
        self.filters.param.watch(lambda *_: self.refresh(), list(self.defaults))
        self.filter_menu.on("filter", self.apply)
        self.filter_menu.on("reset", lambda _: self.apply(self._question()))
        self.head.on("address", self.apply)
        self.head.on("reset", lambda _: self.apply(self._question()))
        self.head.on("remove", self._remove)
        self.head.on("dismiss", lambda _: setattr(self.head, "notices", []))
        self.head.on("refresh", lambda _: self.refresh())
        self.head.on("auto", self._set_auto)
        for panel, component in zip(self.panels, self.components, strict=True):
            if panel.click:
                component.on("click", partial(self._clicked, panel))
            component.on("row_list", self._change_row_list)
            component.on("explore", self._change_question)
            component.on("range", self._zoom_to)
            component.on("kind", lambda kind: self._change_question({"kind": kind}))
            component.on("address", self.apply)
            component.redraw = partial(self.redraw, panel, component)

    def _note_asked(self, number: int) -> None:
        """The browser asks for other filters, and its panels hide their numbers until they answer this.

        A number that is in use already gets the next one: the browser did not know of that change.
        """
        self._asked = max(int(number), self._asked + 1)

    def _refuse_change(self, number: int) -> None:
        """The browser asked for filters in a form that nobody reads, or asking failed: the filters stay."""
        self._note_asked(number)
        self._change(self._asked, {})

    def data(self) -> PageData:
        """The lake under the filters, now."""
        number = self._looked_up.number if self._looked_up.search == self.filters.q else None
        return page_data_of(self.store, self.filters, self._query_values(), self.names, self.name, number)

    def apply(self, query: str | Mapping[str, Any]) -> None:
        """Set every filter from a link or from the filter menu; say which values are not possible."""
        # The signed-in user is known on the server's thread only.
        self._run(self._apply(query, current_user(), self._asked))

    def _apply(self, query: str | Mapping[str, Any], user: Actor, asked: int = 0) -> Steps:
        if not isinstance(query, str):
            query = {name: _as_texts(value) for name, value in query.items()}
        try:
            options = self.store.options(self.names)
            parsed = parse_query(query, self.names, options, self.defaults)
            refusal = self._look_up(str(parsed.values.get("q", "")), user)
        except Exception as error:
            if not self._latest:
                raise  # the page cannot open
            message = _explain(error)
            yield lambda: self._fail_change(asked, message)
            return

        def show() -> None:
            if asked < self._answering:
                return  # a later change was applied meanwhile
            self.head.notices = [*parsed.problems, *refusal]
            self._change(asked, parsed.values)
            # Also when nothing changed: the filter menu must show again what holds after a refused value.
            self._show_filters(self.filters.at(datetime.now(UTC)), options, "")

        yield show

    def _look_up(self, search: str, user: Actor) -> list[str]:
        """Look up the whole number in a search, once for as long as it stands there; or say why not."""
        if search == self._looked_up.search:
            return []
        try:
            with acting_as(user):
                number = look_up_number(self.store.lake, search, "messages", self.store.default_country)
        except WorkbenchError as error:
            self._looked_up = _LookUp()
            return [str(error)]
        self._looked_up = _LookUp(search, number)
        return []

    def _remove(self, chip: Sequence[str]) -> None:
        name, token = (*chip, "", "")[:2]
        if name not in self.defaults:
            self._change(self._asked, {})
            return
        current = getattr(self.filters, name)
        kept = (
            [chosen for chosen in current if chosen != token]
            if isinstance(current, list)
            else self.defaults[name]
        )
        # The row list goes back to its first page.
        moved = {state: ROW_LIST_DEFAULTS[state] for state in RESET_BY_FILTERS if state in self.defaults}
        self._change(self._asked, {**moved, name: kept})

    def _change(self, asked: int, values: Mapping[str, Any]) -> None:
        """Set filters as the change of this number says; what differs is drawn."""
        is_unanswered, drawing = asked > self._answering, self._latest
        self._answering = asked
        self.filters.param.update(**values)
        if is_unanswered and self._latest == drawing:
            self.refresh()  # the same filters again: the panels wait for an answer all the same

    def _fail_change(self, asked: int, message: str) -> None:
        """The filters stay; no panel waits for an answer that will not come."""
        self._answering = max(asked, self._answering)
        self._latest = next(self._tickets)
        self._show_failure(self._latest, message)

    def _change_row_list(self, row_list: Mapping[str, Any]) -> None:
        """Another page, order, search or message of the row list: checked like a link."""
        query = {name: value for name, value in self._query_values().items() if name not in row_list}
        first = {} if set(row_list) <= {"page", "message"} else {"page": ["1"], "message": []}
        self.apply({**query, **first, **row_list})

    def _question(self) -> dict[str, Any]:
        """What the reader asks on Explore, ranks or opened of My pages: clearing the filters keeps it."""
        names = (*EXPLORE_DEFAULTS, "board", "kind")
        return {name: getattr(self.filters, name) for name in names if name in self.defaults}

    def _change_question(self, question: Mapping[str, Any]) -> None:
        self.apply({**self._query_values(), **question})

    def _zoom_to(self, ends: Sequence[str]) -> None:
        """A closer look at what was brushed on an axis of time."""
        period = self.filters.at(datetime.now(UTC))
        days = zoomed(ends, period, grain_of(self._question(), period))
        if days:
            self.apply({**self._query_values(), "period": "custom", "since": days[0], "until": days[1]})
        else:
            self._change(self._asked, {})

    def _set_auto(self, is_on: bool) -> None:
        self.head.auto = bool(is_on)
        if is_on:
            self.refresh_if_new()

    def _clicked(self, panel: Panel, click: Mapping[str, Any]) -> None:
        """A click on a mark: one more or one fewer value of a field, or a closer look at one day."""
        key, name = str(click["key"]), panel.click
        if not key or not name:
            # A bar of all others together is no value.
            self._change(self._asked, {})
            return
        if name == MARK:
            name, _, key = key.partition("=")
            if name in GRAINS:
                self._zoom_to([key, key])
                return
            if name not in self.names:
                self._change(self._asked, {})
                return
        if name == "day":
            self._zoom(key, panel)
            return
        chosen = getattr(self.filters, name)
        tokens = [token for token in chosen if token != key] if key in chosen else [*chosen, key]
        first_page: dict[str, Any] = {state: [] for state in RESET_BY_FILTERS if state in self.defaults}
        # Checked like a link: what is not possible is named above the panels.
        self.apply({**self._query_values(), **first_page, name: tokens})

    def _zoom(self, key: str, panel: Panel) -> None:
        """A closer look at the day, week or month that a chart of this period has under this key."""
        period = self.filters.at(datetime.now(UTC))
        if period.grain == "hour":
            # No chart shows less than an hour; a click on one opens the messages themselves.
            if self.is_served and key in map(str, period.buckets()):
                metric = getattr(panel, "metric", "")
                behind = messages_behind(panel, {"definition": {"name": metric}}) or {}
                self.head.goto = self.data().rows_link(**{**behind, "hour": [key]})
            self._change(self._asked, {})
            return
        start = next((bucket for bucket in period.buckets() if str(bucket) == key), None)
        if isinstance(start, date):
            since, until = max(start, period.since), min(after(period.grain, start), period.until)
            self.apply({**self._query_values(), "period": "custom", "since": since, "until": until})
        else:
            self._change(self._asked, {})

    def refresh(self) -> None:
        """Draw every panel again, from the top. A newer refresh ends an older one."""
        self._run(self.refreshing())

    def refreshing(self) -> Steps:
        """The steps of :meth:`refresh`."""
        self._latest = next(self._tickets)
        return self._draw(self._latest)

    def _draw(self, ticket: int) -> Steps:
        began = datetime.now(UTC)
        try:
            data = self.data()
            fresh = self.store.freshness(snapshot=data.snapshot)
        except Exception as error:
            message = _explain(error)
            yield lambda: self._show_failure(ticket, message)
            return
        yield lambda: self._show_state(ticket, data, fresh)
        if self._blank(data, fresh):
            return
        pairs = zip(self.panels, self.components, strict=True)
        has_waited = False
        for panel, component in sorted(pairs, key=lambda pair: getattr(pair[0], "is_late", False)):
            if getattr(panel, "is_late", False) and not has_waited:
                has_waited = True
                yield lambda: _WAIT_BEFORE_SLOW_PANELS
            if ticket != self._latest:
                return
            yield partial(
                self._show_panel, ticket, component, self._panel_props(panel, component, data, fresh)
            )
        # Only now are all parts as new as this.
        yield lambda: self._show_freshness(fresh, data.period, began) if ticket == self._latest else None
        counts = self._count_options(ticket, data) if self.has_filters else None
        if counts is not None:
            yield partial(self._show_counts, ticket, data, counts)

    def _count_options(self, ticket: int, data: PageData) -> dict[str, Mapping[str | None, int]] | None:
        """How many messages each choice of the drawer has; None where it is too late or cannot be told."""
        counts: dict[str, Mapping[str | None, int]] = {}
        for name in self.names:
            if ticket != self._latest:
                return None
            try:
                counts[name] = data.option_counts(name)
            except Exception as error:
                # The drawer keeps the counts it has; why is in the log.
                _explain(error)
                return None
        return counts

    def redraw(self, panel: Panel, component: PanelComponent) -> None:
        """Draw one panel again, after something was chosen in it."""
        self._run(self._redrawing(panel, component))

    def _redrawing(self, panel: Panel, component: PanelComponent) -> Steps:
        ticket, data = self._latest, self.data()
        fresh = self.store.freshness(snapshot=data.snapshot)
        yield partial(self._show_panel, ticket, component, self._panel_props(panel, component, data, fresh))

    def _panel_props(
        self, panel: Panel, component: PanelComponent, data: PageData, fresh: Freshness
    ) -> dict[str, Any]:
        """What the browser gets of a panel: its content, and the links to what it counts."""
        with acting_as(self._user):
            props = _props(panel, component, data, fresh)
            props["links"] = self._links(panel, data, props)
        props.pop("behind", None)
        return props

    def _show_counts(
        self, ticket: int, data: PageData, counts: Mapping[str, Mapping[str | None, int]]
    ) -> None:
        """How many messages each choice of the drawer has, once the panels are drawn."""
        if ticket == self._latest:
            self._counts = counts
            self._show_filters(data.period, data.options, comparison_text(data))

    def _show_panel(self, ticket: int, component: PanelComponent, props: Mapping[str, Any]) -> None:
        if ticket == self._latest:
            component.param.update(**props, answered=self._answering)

    def _links(self, panel: Panel, data: PageData, props: Mapping[str, Any]) -> dict[str, str]:
        """The links to a panel's messages and downloads; none where no server answers."""
        if not self.is_served:
            return {}
        links = panel_links(panel, self.panels, data, self.defaults, props)
        return links if self.has_filters else {name: link for name, link in links.items() if name != "rows"}

    def _show_failure(self, ticket: int, message: str) -> None:
        for component in self.components:
            self._show_panel(ticket, component, {"state": "error", "message": message})

    def _show_state(self, ticket: int, data: PageData, fresh: Freshness) -> None:
        if ticket != self._latest:
            return
        self._snapshot = data.snapshot
        self.head.has_changes = False
        self._show_filters(data.period, data.options, comparison_text(data))
        if self.is_served:
            self.head.param.update(
                crumbs=crumbs(data, self.head.title), links=page_links(self.panels, data, self.defaults)
            )
        if not (self.head.freshness and fresh.messages):
            self._show_freshness(fresh, data.period)
        blank = self._blank(data, fresh)
        self.empty.param.update(visible=bool(blank), **(blank or {}))
        self.layout.css_classes = ["not-shown"] if blank else []

    def _blank(self, data: PageData, fresh: Freshness) -> dict[str, Any] | None:
        """What stands in place of the panels; None where they are drawn."""
        if fresh.messages == 0 and self.has_filters:
            return empty_lake(fresh, data.period.timezone)
        if self.needs and not getattr(self.filters, self.needs):
            return not_chosen(self.needs, self._links_elsewhere(data))
        return None

    def _links_elsewhere(self, data: PageData) -> str:
        return f"campaigns{to_query(self._query_values(), self.defaults)}" if self.is_served else ""

    def refresh_if_new(self, then: Callable[[], None] = lambda: None) -> None:
        """Draw again if somebody committed, else update the line "as of"; then call ``then``."""
        if self._latest:  # Before the first drawing a change would not reach the browser.
            self._run(self._refreshing_if_new(then))
        else:
            then()

    def _refreshing_if_new(self, then: Callable[[], None]) -> Steps:
        yield from self._draw_changes()
        yield then

    def _draw_changes(self) -> Steps:
        try:
            snapshot = self.store.snapshot_id()
            fresh = self.store.freshness(snapshot=snapshot)
        except Exception as error:
            # The page stays as it is; its line "as of" says how old it is.
            _explain(error)
            return
        if snapshot != self._snapshot and self.head.auto:
            yield from self.refreshing()
        elif snapshot != self._snapshot:
            yield lambda: setattr(self.head, "has_changes", True)
        else:
            yield lambda: self._show_freshness(fresh, self.filters.at(datetime.now(UTC)))

    def _query_values(self) -> dict[str, Any]:
        return {name: getattr(self.filters, name) for name in self.defaults}

    def _show_filters(self, period: Period, options: Mapping[str, Sequence[Option]], comparison: str) -> None:
        values = self._query_values()
        query = to_query(values, self.defaults)
        line = period_line(period, values, comparison) if self.has_filters else {"label": "", "text": ""}
        heading: dict[str, Any] = {
            "query": query,
            "chips": filter_chips(values, self.names, self.defaults, period, option_labels(options)),
            "period": line,
        }
        days = (line.get("since"), line.get("until"))
        is_new = self.head.query != query or days != tuple(map(self.head.period.get, ("since", "until")))
        if self._latest and is_new and self._answering == self.head.asked:
            # Changed without a question of the browser, as at midnight: the panels are of the old heading.
            self._asked = self._answering = self._asked + 1
        self.head.param.update(asked=self._answering, **heading)
        self.filter_menu.param.update(
            query=query,
            values={
                name: value if isinstance(value, list) else str(value)
                for name, value in values.items()
                if name not in RESET_BY_FILTERS
            },
            days={"since": period.since.isoformat(), "until": period.until.isoformat()},
            fields=[filter_field(name, options[name], self._counts.get(name)) for name in self.names],
        )

    def _show_freshness(self, fresh: Freshness, period: Period, at: datetime | None = None) -> None:
        self.head.freshness = {
            "as_of": moments.clock((at or datetime.now(UTC)).astimezone(ZoneInfo(period.timezone))),
            "last_sync_at": fresh.last_sync_at.isoformat() if fresh.last_sync_at else None,
            "open": formats.count(fresh.open_messages),
            "priced": formats.rate(fresh.priced_share),
            "failed": ", ".join(fresh.failed_jobs),
        }


def _props(panel: Panel, component: PanelComponent, data: PageData, fresh: Freshness) -> dict[str, Any]:
    """The props of a panel. An error of one panel is shown in it, and the others are drawn."""
    try:
        props = panel.chosen_props(component, data) if isinstance(panel, Choosing) else panel.props(data)
    except Exception as error:
        return {"state": "error", "message": _explain(error)}
    newest = fresh.newest_message_at
    if props["state"] == "empty" and newest and newest.date() < data.period.since:
        props["message"] += f" The newest message is of {newest:%-d %b %Y}."
    return props


def _explain(error: Exception) -> str:
    """The text of a failure for the reader: our own errors say what to do, others go to the log."""
    if isinstance(error, WorkbenchError):
        level = logging.DEBUG if isinstance(error, StoreClosed) else logging.WARNING
        log.log(level, "a page could not be drawn: %s", error)
        return str(error)
    log.error("a page could not be drawn", exc_info=error)
    return _UNEXPECTED


def _layout(panels: Sequence[Panel], components: Sequence[PanelComponent]) -> pn.Column:
    for panel, component in zip(panels, components, strict=True):
        component.css_classes = [f"span-{panel.span}"]
    return pn.Column(
        *components, stylesheets=[theme.read_static("layout.css")], sizing_mode="stretch_width", margin=0
    )


def _as_texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list | tuple) else [value]) if item is not None]
