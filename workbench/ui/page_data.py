"""The data of one drawing of a page: its filters as they were, and every metric under them.

Page data never changes, so all panels of a page show the same version of the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from workbench.display.names import sender_label
from workbench.display.periods import DEFAULT_PRESET, Period
from workbench.lake import Lake
from workbench.messaging.addresses import mask
from workbench.metrics import DIMENSIONS, METRICS, MetricResult, RowQuery
from workbench.metrics.catalog import query_sender_names
from workbench.metrics.counted_rows import counts_every_message
from workbench.metrics.coverage import Coverage
from workbench.metrics.no_answer import is_of_inbound, no_answer_reason, without_unknown
from workbench.metrics.rows import is_number_like
from workbench.metrics.sql_text import with_literals
from workbench.ui.explore_state import EXPLORE_DEFAULTS
from workbench.ui.filters import FIELDS, Option, option_value, to_query
from workbench.ui.row_list_state import ROW_LIST_DEFAULTS
from workbench.ui.store import Store, frozen

T = TypeVar("T")

ROWS_PAGE = "messages"
"""The page that shows messages one by one."""
TEXT_PAGE = "text"
"""The page of one text, which the filter `template` names."""
_OF_ONE_PAGE = frozenset({*ROW_LIST_DEFAULTS, *EXPLORE_DEFAULTS, "board", "kind"})
"""Values of an address that only one page knows."""


@dataclass(frozen=True)
class PageData:
    """The lake through the filters of a page.

    ``where`` maps dimensions to values; ``options`` holds what each filter field may be. ``values`` are the
    filters as links write them, ``row_list`` the state of the list on a page of rows (see
    :mod:`workbench.ui.row_list_state`), ``page`` the name of the page. ``number`` is the whole number in the
    search, if it may be looked up.
    """

    store: Store
    period: Period
    where: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    snapshot: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    row_list: Mapping[str, Any] = field(default_factory=lambda: ROW_LIST_DEFAULTS)
    comparison: str = "previous"
    page: str = ""
    number: str | None = field(default=None, repr=False)

    @property
    def grain(self) -> str:
        """The time dimension that fits the period: hour, day, week or month."""
        return self.period.grain

    @property
    def previous(self) -> PageData | None:
        """The same filters over the period to compare with.

        None where the reader wants no comparison, or one of the two periods is not wholly in the lake.
        """
        period = self.period.compared(self.comparison)
        return replace(self, period=period) if period and not self.not_compared else None

    @property
    def not_compared(self) -> str:
        """Why the period cannot be compared: ``history begins 30 Aug 2026``; empty where it can."""
        period = self.period.compared(self.comparison)
        return self.not_whole or (self._why_not(period) if period else "")

    @property
    def not_whole(self) -> str:
        """Why the numbers of the period itself are not whole; empty where they are."""
        return self._why_not(self.period)

    @property
    def known_since(self) -> date:
        """The first day from which the lake holds every day."""
        return self._coverage.known_since(self.period.timezone, self._accounts)

    @property
    def accounts_left(self) -> str:
        """The accounts that are synced no more, where the page shows all: nothing waits for their days."""
        left = () if self._accounts else sorted(self._coverage.left)
        return f"account{'s' if len(left) > 1 else ''} {' and '.join(left)}" if left else ""

    def held_days(self, since: date, *, is_over: bool) -> frozenset[date]:
        """The days from a day to the period's end that the lake holds.

        Args:
            is_over: leave out the day that the last sync was in.
        """
        period = Period(since, self.period.until, self.period.timezone)
        days_of = self._coverage.whole_days if is_over else self._coverage.held_days
        return days_of(period, self._accounts)

    def _why_not(self, period: Period) -> str:
        return self._coverage.why_not(period, self._accounts)

    @property
    def _coverage(self) -> Coverage:
        return self.store.coverage(snapshot=self.snapshot)

    @property
    def _accounts(self) -> tuple[str, ...]:
        chosen = self.where.get("account", ())
        values = [chosen] if isinstance(chosen, str) else chosen
        return tuple(str(sid) for sid in values if sid is not None)

    @property
    def rows_query(self) -> RowQuery:
        """The messages under the page's filters, and what is searched among them."""
        period = self.period
        return RowQuery(
            self.where, period.since, period.end, period.timezone, self.row_list["q"], self.number,
            self.row_list["counted"],
        )  # fmt: skip

    def rows_link(self, metric: str = "", **narrow: Any) -> str:
        """The address of the messages behind a number: the page's filters, narrowed by fields of a link.

        Values are tokens (see :meth:`token`), a list of them for each of FIELDS; ``since`` and ``until``
        are dates. ``metric`` leaves the messages that this metric counts.
        """
        if metric and not counts_every_message(METRICS[metric]):
            narrow["counted"] = metric
        if is_of_inbound(metric):
            narrow.setdefault("direction", "all")
        if "since" in narrow:
            narrow["period"] = "custom"
        narrow = {name: list(value) if isinstance(value, tuple) else value for name, value in narrow.items()}
        kept = {name: value for name, value in self.values.items() if name not in _OF_ONE_PAGE}
        back = self.page if self.page != ROWS_PAGE else self.row_list["back"]
        values = {**self.rows_defaults, **kept, **narrow, "back": back}
        return ROWS_PAGE + to_query(values, self.rows_defaults)

    def text_link(self, templates: Sequence[str]) -> str:
        """The address of the page of a text, by the ids of its templates; the page's other filters stay."""
        defaults = {**self.rows_defaults, "direction": "outbound"}
        kept = {name: value for name, value in self.values.items() if name not in _OF_ONE_PAGE}
        kept = {name: value for name, value in kept.items() if name not in FIELDS or not FIELDS[name].of_rows}
        values = {**defaults, **kept, "direction": "outbound", "template": list(templates)}
        return TEXT_PAGE + to_query(values, defaults)

    @property
    def rows_defaults(self) -> dict[str, Any]:
        """What the plain address of the page of rows means."""
        return {
            "timezone": self.store.timezone, "period": DEFAULT_PRESET, "since": None, "until": None,
            "compare": "previous", "direction": "all", **{name: [] for name in FIELDS}, **ROW_LIST_DEFAULTS,
        }  # fmt: skip

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        """A metric under the page's filters; ``where`` narrows further and wins over them.

        Its numbers are missing where it has no answer, see :meth:`no_answer`.
        """
        narrowed = self.filters_of(name, where)
        period = self.period
        result = self.store.metric(
            name, by, narrowed, period.since, period.end, period.timezone, snapshot=self.snapshot
        )
        result = without_unknown(result, narrowed)
        if not self.store.masks_own_numbers:
            return result
        return replace(result, parameters=self.own_parameters(result.parameters))

    def own_parameters(self, parameters: Mapping[str, object]) -> dict[str, object]:
        """The parameters of SQL to show; our own numbers masked where the settings say so."""
        senders = parameters.get("where_sender")
        if not self.store.masks_own_numbers or not isinstance(senders, list):
            return dict(parameters)
        return {**parameters, "where_sender": MaskedNumbers(mask(str(sender)) for sender in senders)}

    def filters_of(self, name: str, where: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The page's filters as they hold for a metric; ``where`` narrows further and wins over them."""
        narrowed = {**self.where, **(where or {})}
        if is_of_inbound(name) and "direction" not in (where or {}):
            narrowed.pop("direction", None)
        return narrowed

    def no_answer(self, name: str) -> str:
        """Why a metric has no answer under the page's filters; empty where it has one."""
        return no_answer_reason(name, self.where)

    def ask(self, name: str, query: Callable[..., T]) -> T:
        """What ``query(readable, where, since, until, timezone=…)`` finds under the page's filters.

        ``name`` tells this query from others: its answer is cached under that name, like a metric's.
        """
        period, where = self.period, dict(self.where)
        question = (name, frozen(where), period.since, period.end, period.timezone)
        return self.store.ask_period(
            question,
            lambda readable: query(readable, where, period.since, period.end, timezone=period.timezone),
            (period.since, period.end, period.timezone),
            self.snapshot,
        )

    def look_up(self, name: str, query: Callable[[Lake], T]) -> T:
        """What ``query(lake)`` finds, whatever the filters are."""
        return self.store.ask(name, query, self.snapshot)

    def shown_sql(self, sql: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        """See :func:`_shown_sql`; our own numbers stay parameters where the settings mask them."""
        return _shown_sql(sql, self.own_parameters(parameters))

    def shown_parameters(self, parameters: Mapping[str, object]) -> dict[str, str]:
        """The parameters of SQL as a page shows them: a searched number masked."""
        return {name: _shown(name, value) for name, value in self.own_parameters(parameters).items()}

    def sender_label(self, sender: str) -> str:
        """A sender of ours by its name and number."""
        names = self.look_up("sender names", query_sender_names)
        return sender_label(sender, names.get(sender), is_masked=self.store.masks_own_numbers)

    def option_counts(self, field_name: str) -> dict[str | None, int]:
        """How many messages each value of a filter field has, under the period and all other filters."""
        dimension = FIELDS[field_name].dimension
        others = {name: values for name, values in self.where.items() if name != dimension}
        period = self.period
        has_values = field_name != "batch" or any(option.value for option in self.options.get("batch", ()))
        frame = self.store.metric(
            "messages",
            # Each message is asked for its batch: that takes long, and most installations have none.
            (dimension,) if has_values else (),
            others,
            period.since,
            period.end,
            period.timezone,
            snapshot=self.snapshot,
        ).frame
        if not has_values:
            return {None: int(frame["messages"].iloc[0])}
        pairs = zip(frame[dimension], frame["messages"], strict=True)
        return {option_value(value): int(number) for value, number in pairs}

    def token(self, field_name: str, value: Any) -> str:
        """How a link names a value of a filter field."""
        for option in self.options.get(field_name, ()):
            if option.value == value:
                return option.token
        return "none" if value is None else str(value)

    def label(self, field_name: str, value: Any) -> str:
        """How a value of a filter field shows on screen: our senders and services by their names."""
        for option in self.options.get(field_name, ()):
            if option.value == value:
                return option.shown
        return self.token(field_name, value)


def definition(result: MetricResult, period: Period) -> dict[str, Any]:
    """What stands behind a number, for the dialog that each one opens."""
    metric = METRICS[result.metric.name]
    sample, in_flight = _total(result, "sample_size"), _total(result, "in_flight")
    return {
        "label": metric.label,
        "name": metric.name,
        "description": metric.description,
        "numerator": metric.numerator_text,
        "denominator": metric.denominator_text,
        "excludes": metric.excludes,
        "minimum_sample": metric.minimum_sample,
        "sample_size": sample,
        "in_flight": in_flight,
        "period": f"{period.label} ({period.timezone})",
        "as_of": result.as_of.isoformat(),
        **_shown_sql(result.sql, result.parameters),
    }


class MaskedNumbers(list[str]):
    """Numbers as a page shows them. SQL written with them would find nothing, so it keeps their parameter."""


def _shown_sql(sql: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    """SQL to copy and run by itself, and in words the parameters that must be filled in first.

    These are a phone number that was searched for, and our own numbers where the settings mask them.
    """
    masked = {name: value for name, value in parameters.items() if _is_masked(name, value)}
    written = {name: value for name, value in parameters.items() if name not in masked}
    return {
        "sql": with_literals(sql, written),
        "parameters": {name: _shown(name, value) for name, value in masked.items()},
    }


def _is_masked(name: str, value: object) -> bool:
    if name in ("search", "digits"):
        return is_number_like(str(value))
    return name == "person" or isinstance(value, MaskedNumbers)


def _total(result: MetricResult, name: str) -> int | None:
    return int(result.frame[name].fillna(0).sum()) if name in result.frame else None


def _shown(name: str, value: object) -> str:
    if name == "person":
        return "***"
    values = value if isinstance(value, list | tuple) else [value]
    if name in ("search", "digits"):
        return "***" if is_number_like(str(value)) else str(value)
    dimension = DIMENSIONS.get(name.removeprefix("where_"))
    is_address = dimension is not None and dimension.is_address
    return ", ".join(mask(str(item)) if is_address else str(item) for item in values)
