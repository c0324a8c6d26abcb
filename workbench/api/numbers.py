"""The notebook API of the numbers: metrics by name, and SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.api.base import Opened
from workbench.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from workbench.metrics.compile import Moment, Where


class NumberCalls(Opened):
    """Ask for metrics by name, and for anything in SQL."""

    @property
    def metrics(self) -> _Metrics:
        """All metrics, for tab completion: ``wb.metrics.delivery_rate(by=["day"])``."""
        return _Metrics(self)

    @property
    def dimensions(self) -> _Dimensions:
        """All dimensions, for tab completion: ``by=[wb.dimensions.day]``."""
        return _Dimensions()

    def sql(self, query: str, parameters: Sequence[object] | None = None) -> pd.DataFrame:
        """Run SQL on the lake, read-only; ``messages`` is the message log.

        Bodies and numbers come as they are: this is for the owner of the lake.
        """
        return self._reader.frame(query, parameters)

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> pd.DataFrame:
        """One metric as a frame; see :func:`workbench.metrics.compile_metric` for arguments and columns.

        ``frame.attrs`` holds its label, description, SQL and the time it was asked.
        """
        from workbench.metrics import compile_metric, query_metric

        by = [by] if isinstance(by, str) else by
        timezone = self.settings.timezone
        compile_metric(name, by, where, since, until, timezone=timezone)  # a wrong name needs no lake
        result = query_metric(self._reader, name, by, where, since, until, timezone=timezone)
        result.frame.attrs.update(
            label=result.metric.label,
            description=result.metric.description,
            sql=result.sql,
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
