"""The notebook API of the numbers: metrics by name, and SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.api.base import Opened
from workbench.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where


class NumberCalls(Opened):
    """Ask for metrics by name, and for anything in SQL."""

    @property
    def metrics(self) -> _Metrics:
        """All metrics, for tab completion: ``wb.metrics.delivery_rate(by=["day"])``."""
        self._use_own_metrics()
        return _Metrics(self)

    @property
    def dimensions(self) -> _Dimensions:
        """All dimensions, for tab completion: ``by=[wb.dimensions.day]``."""
        self._use_own_metrics()
        return _Dimensions()

    def _use_own_metrics(self) -> None:
        from workbench.metrics.own.current import use_own_metrics

        use_own_metrics(self.settings.home)

    def sql(
        self, query: str, parameters: Sequence[object] | Mapping[str, object] | None = None
    ) -> pd.DataFrame:
        """Run SQL on the lake, read-only; ``messages`` is the message log.

        Bodies and numbers come as they are: this is for the owner of the lake. Times are in UTC.

        Args:
            query: one SELECT, with ``?`` or ``$name`` where a parameter goes.
            parameters: values by place, or by name.

        Raises:
            UsageError: there is no statement, or it cannot run; the text is DuckDB's.
        """
        if not query.strip():
            raise UsageError("The SQL is empty; write a query, as select count(*) from messages.")
        return self._reader.frame(query, parameters)

    def metric(
        self,
        name: str,
        by: str | Iterable[str] | None = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        *,
        allow_unknown: bool = False,
    ) -> pd.DataFrame:
        """One metric as a frame.

        Args:
            name: a metric; ``wb.metrics`` has them all.
            by: names of dimensions, one row per combination that occurs; ``wb.dimensions`` has them all.
            where: dimension → value, or values of which a row must have one. Values of our own frames fit.
            since, until: first moment in, and first one not in any more; a date is its midnight in the time
                zone of the settings.
            allow_unknown: answer also for a sender, service or other value that the lake has never seen.

        Returns:
            The columns of :func:`workbench.metrics.compile_metric`. ``frame.attrs`` has the name, label,
            unit, description, time zone, the time it was asked (`as_of`), and `sql`, which runs as it is.

        Raises:
            UnknownName: a metric, dimension or value that there is not; the message names the nearest.
            UsageError: a value or moment of the wrong kind.
        """
        from workbench.metrics import compile_metric, query_metric
        from workbench.metrics.filter_values import read_filters, read_names
        from workbench.metrics.known_values import require_known

        self._use_own_metrics()
        names, filters = read_names(by), read_filters(where)
        timezone = self.settings.timezone
        compile_metric(name, names, filters, since, until, timezone=timezone)  # a wrong name needs no lake
        if not allow_unknown:
            require_known(self._reader, filters)
        result = query_metric(self._reader, name, names, filters, since, until, timezone=timezone)
        result.frame.attrs.update(
            name=name,
            label=result.metric.label,
            unit=result.metric.unit,
            description=result.metric.description,
            sql=result.runnable_sql,
            as_of=result.as_of.isoformat(),
            timezone=timezone,
        )
        return result.frame


class _Metrics:
    """Metrics as attributes."""

    def __init__(self, workbench: NumberCalls) -> None:
        self._workbench = workbench

    def __dir__(self) -> list[str]:
        from workbench.metrics.definitions import METRICS

        return list(METRICS)

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        from workbench.metrics.definitions import METRICS

        if name.startswith("_"):
            raise AttributeError(name)
        if name not in METRICS:
            raise UnknownName("metric", name, METRICS)

        def query(**arguments: Any) -> pd.DataFrame:
            return self._workbench.metric(name, **arguments)

        query.__name__, query.__doc__ = name, METRICS[name].description
        return query

    def __repr__(self) -> str:
        from workbench.metrics.definitions import METRICS

        return "\n".join(f"{metric.name:<22}{metric.description}" for metric in METRICS.values())


class _Dimensions:
    """Dimensions as attributes; each is its own name."""

    def __dir__(self) -> list[str]:
        from workbench.metrics.definitions import DIMENSIONS

        return list(DIMENSIONS)

    def __getattr__(self, name: str) -> str:
        from workbench.metrics.definitions import DIMENSIONS

        if name.startswith("_"):
            raise AttributeError(name)
        if name not in DIMENSIONS:
            raise UnknownName("dimension", name, DIMENSIONS)
        return name

    def __repr__(self) -> str:
        from workbench.metrics.definitions import DIMENSIONS

        return "\n".join(f"{item.name:<22}{item.description}" for item in DIMENSIONS.values())
