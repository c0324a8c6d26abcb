"""``wb.metric``, ``wb.metrics`` and ``wb.dimensions``: numbers by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.lake.connect import Readable
    from workbench.metrics.compile import Moment
    from workbench.metrics.definitions.model import Dimension, Metric
    from workbench.metrics.filter_values import Where


def query(
    installation: Installation,
    name: str,
    by: str | Iterable[str] | None,
    where: Where | None,
    since: Moment,
    until: Moment,
    timezone: str | None,
    allow_unknown: bool,
    lake: Readable | None = None,
    *,
    engine: str | None = None,
) -> pd.DataFrame:
    """See :meth:`workbench.Workbench.metric`.

    Args:
        lake: the version that answers; by default the lake as it is now.
        engine: what counts, where `lake` is not given.
    """
    from workbench.metrics import compile_metric, query_metric
    from workbench.metrics.filter_values import read_filters, read_names
    from workbench.metrics.known_values import require_known
    from workbench.metrics.no_answer import no_answer_reason
    from workbench.metrics.sender_names import add_sender_names

    installation.use_own_metrics()
    names, filters = read_names(by), read_filters(where)
    timezone = installation.timezone(timezone)
    compile_metric(name, names, filters, since, until, timezone=timezone)  # a wrong name needs no lake
    installation.require_log()
    counting = lake or installation.reader_of(engine)
    lake = lake or installation.reader
    if not allow_unknown:
        require_known(lake, filters)
    result = query_metric(counting, name, names, filters, since, until, timezone=timezone)
    result.frame.attrs.update(
        name=name,
        label=result.metric.label,
        unit=result.metric.unit,
        description=result.metric.description,
        sql=result.runnable_sql,
        as_of=result.as_of.isoformat(),
        timezone=timezone,
        no_answer=no_answer_reason(name, filters, names),
    )
    return add_sender_names(result.frame, lake, installation.settings)


def metrics_frame(metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """All metrics: name, label, unit, description, numerator, denominator."""
    import pandas as pd

    rows = [
        (item.name, item.label, item.unit, item.description, item.numerator_text, item.denominator_text)
        for item in metrics.values()
    ]
    columns = ["name", "label", "unit", "description", "numerator", "denominator"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def dimensions_frame(dimensions: Mapping[str, Dimension]) -> pd.DataFrame:
    """All dimensions: name, description."""
    import pandas as pd

    rows = [(item.name, item.description) for item in dimensions.values()]
    return pd.DataFrame(rows, columns=["name", "description"], dtype="object")


class UnknownAttribute(UnknownName, AttributeError):  # type: ignore[misc]  # both have a name
    """A metric or dimension that there is not, asked for as an attribute."""


class Metrics:
    """All metrics: ``wb.metrics()`` lists them, ``wb.metrics.delivery_rate(by=["day"])`` asks for one."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def __call__(self) -> pd.DataFrame:
        """All metrics: name, label, unit, description, numerator, denominator."""
        return metrics_frame(self._installation.metrics)

    def what_if(
        self,
        per_second: float | Iterable[float] = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        *,
        timezone: str | None = None,
    ) -> pd.DataFrame:
        """The longest run of each sender, sent at its limit and at higher ones, and what to ask Twilio for.

        A run is a stretch in which a sender's queue was never empty. Its created times go through a queue
        again, in order; nothing is sent.

        Args:
            per_second: limits to try, in segments a second; by default usual ones above that of now.
            where: dimension → value, as ``{"sender": "+18335550108"}``.
            since, until: first moment in, and first one not in any more; a date is its midnight in
                `timezone`.
            timezone: of dates in this call, as Europe/Berlin; by default that of the settings.

        Returns:
            One row for each sender and limit, those whose messages waited most first. Late is what waited
            longer than 60 seconds; `took_seconds` is how long the run really took.

        Raises:
            UnknownName: a dimension or value that there is not; the message names the nearest.
            UsageError: a limit that is not above 0, or a moment of the wrong kind.
            ConfigError: `timezone` is no time zone.
        """
        from workbench.api.what_if import what_if

        return what_if(self._installation, per_second, where, since, until, timezone)

    def __dir__(self) -> list[str]:
        return ["what_if", *self._installation.metrics]

    def __getattr__(self, name: str) -> MetricCall:
        if name.startswith("_"):
            raise AttributeError(name)
        metrics = self._installation.metrics
        if name not in metrics:
            raise UnknownAttribute("metric", name, metrics)
        return MetricCall(self._installation, name, metrics[name].description)

    def __repr__(self) -> str:
        metrics = self._installation.metrics
        return _described({metric.name: metric.description for metric in metrics.values()})


class MetricCall:
    """One metric, to be asked for."""

    def __init__(self, installation: Installation, name: str, description: str) -> None:
        self._installation = installation
        self.__name__ = name
        self.__doc__ = description

    def __call__(
        self,
        by: str | Iterable[str] | None = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        *,
        timezone: str | None = None,
        allow_unknown: bool = False,
        engine: str = "duckdb",
    ) -> pd.DataFrame:
        """As :meth:`workbench.Workbench.metric` with this name."""
        return query(
            self._installation, self.__name__, by, where, since, until, timezone, allow_unknown, engine=engine
        )

    def __repr__(self) -> str:
        return f"wb.metrics.{self.__name__}(by, where, since, until): {self.__doc__}"


class Dimensions:
    """All dimensions: ``wb.dimensions()`` lists them, ``by=[wb.dimensions.day]`` names one."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def __call__(self) -> pd.DataFrame:
        """All dimensions: name, description."""
        return dimensions_frame(self._installation.dimensions)

    def __dir__(self) -> list[str]:
        return list(self._installation.dimensions)

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        dimensions = self._installation.dimensions
        if name not in dimensions:
            raise UnknownAttribute("dimension", name, dimensions)
        return name

    def __repr__(self) -> str:
        return _described({item.name: item.description for item in self._installation.dimensions.values()})


def _described(texts: Mapping[str, Any]) -> str:
    width = max(map(len, texts)) + 2
    return "\n".join(f"{name:<{width}}{text}" for name, text in texts.items())
