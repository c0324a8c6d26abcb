"""What one drawing of a page sees: the filters as they stood, and every metric under them.

A view never changes, so all parts of a page show the same moment of the same lake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from workbench.lake import Lake
from workbench.messaging.addresses import mask
from workbench.metrics import METRICS, MetricResult
from workbench.ui.filters import Option
from workbench.ui.periods import Period
from workbench.ui.store import Store, frozen

T = TypeVar("T")

#: Metrics about what people sent us: asked for outbound traffic only, they would always be zero.
_INBOUND_METRICS = frozenset({"opt_outs"})


@dataclass(frozen=True)
class View:
    """The lake through the filters of a page.

    ``where`` maps dimensions to values; ``options`` holds what each filter field may be.
    """

    store: Store
    period: Period
    where: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    snapshot: int | None = None

    @property
    def grain(self) -> str:
        """The time dimension that fits the period: hour, day, week or month."""
        return self.period.grain

    @property
    def previous(self) -> View:
        """The same filters over the period before."""
        return replace(self, period=self.period.previous)

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        """A metric under the page's filters; ``where`` narrows further and wins over them."""
        narrowed = {**self.where, **(where or {})}
        if name in _INBOUND_METRICS and "direction" not in (where or {}):
            narrowed.pop("direction", None)
        period = self.period
        return self.store.metric(
            name, by, narrowed, period.since, period.end, period.timezone, snapshot=self.snapshot
        )

    def ask(self, name: str, query: Callable[..., T]) -> T:
        """What ``query(lake, where, since, until, timezone=…)`` finds under the page's filters.

        ``name`` tells it from other questions, so that its answer is kept like a metric's.
        """
        period, where = self.period, dict(self.where)
        question = (name, frozen(where), period.since, period.end, period.timezone)
        return self.store.ask(
            question,
            lambda lake: query(lake, where, period.since, period.end, timezone=period.timezone),
            self.snapshot,
        )

    def look_up(self, name: str, query: Callable[[Lake], T]) -> T:
        """What ``query(lake)`` finds, whatever is filtered."""
        return self.store.ask(name, query, self.snapshot)

    def token(self, field_name: str, value: Any) -> str:
        """How a value of a filter field shows on screen and in links: numbers masked."""
        for option in self.options.get(field_name, ()):
            if option.value == value:
                return option.token
        return "none" if value is None else str(value)


def definition(result: MetricResult, period: Period) -> dict[str, Any]:
    """What stands behind a number, for the dialog that each one opens."""
    metric = METRICS[result.metric.name]
    sample = result.frame["sample_size"].sum() if "sample_size" in result.frame else None
    return {
        "label": metric.label,
        "name": metric.name,
        "description": metric.description,
        "numerator": metric.numerator_text,
        "denominator": metric.denominator_text,
        "excludes": metric.excludes,
        "minimum_sample": metric.minimum_sample,
        "sample_size": None if sample is None else int(sample),
        "period": f"{period.label} ({period.timezone})",
        "as_of": result.as_of.isoformat(),
        "sql": result.sql,
        "parameters": {name: _shown(name, value) for name, value in result.parameters.items()},
    }


def _shown(name: str, value: object) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(mask(str(item)) if name == "where_sender" else str(item) for item in values)
