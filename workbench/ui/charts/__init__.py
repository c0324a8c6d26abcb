"""Makes figures of numbers. Pure: plotly figures in the light colours, ready for a page or a report."""

from workbench.ui.charts.course import over_time
from workbench.ui.charts.failures import codes_over_time, pareto
from workbench.ui.charts.heat import heat_map
from workbench.ui.charts.money import money_over_time, month_course
from workbench.ui.charts.outcome import by_outcome
from workbench.ui.charts.segments import segment_histogram
from workbench.ui.charts.speed import busiest_seconds, utilisation_over_time, waits_over_time

__all__ = [
    "busiest_seconds",
    "by_outcome",
    "codes_over_time",
    "heat_map",
    "money_over_time",
    "month_course",
    "over_time",
    "pareto",
    "segment_histogram",
    "utilisation_over_time",
    "waits_over_time",
]
