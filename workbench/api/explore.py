"""``wb.explore``: any metrics by dimensions and time, with the rest as others and another period beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.metrics.compile import Moment
    from workbench.metrics.exploration import Ask, ExploreQuestion
    from workbench.metrics.filter_values import Filters, Where

COMPARISONS = ("none", "previous", "year")


def explore(
    installation: Installation,
    question: ExploreQuestion,
    where: Where | None,
    since: Moment,
    until: Moment,
    compare: str,
    timezone: str | None,
    allow_unknown: bool,
) -> pd.DataFrame:
    """See :meth:`workbench.Workbench.explore`."""
    from workbench.metrics.exploration import explore as explored
    from workbench.metrics.exploration import explored_frame
    from workbench.metrics.filter_values import read_filters
    from workbench.metrics.known_values import require_known
    from workbench.metrics.no_answer import no_answer_reason
    from workbench.metrics.sender_names import add_sender_names

    installation.use_own_metrics()
    zone, filters = installation.timezone(timezone), read_filters(where)
    question.require_possible()  # a wrong name needs no lake
    earlier = _compared(compare, since, until, zone)
    installation.require_log()
    if not allow_unknown:
        require_known(installation.reader, filters)
    answer = explored(question, _asking(installation, filters, (since, until), zone))
    before = None
    if earlier is not None and not question.grain:
        before = explored(question, _asking(installation, filters, earlier, zone), answer.shown)
    frame = explored_frame(answer, before)
    reasons = {name: no_answer_reason(name, filters, question.by) for name in question.metrics}
    results = [result for each in answer.metrics for result in each.results]
    frame.attrs.update(
        metrics=list(question.metrics),
        timezone=zone,
        as_of=min(result.as_of for result in results).isoformat() if results else None,
        no_answer={name: reason for name, reason in reasons.items() if reason},
        sql=";\n\n".join(result.runnable_sql for result in results),
    )
    return add_sender_names(frame, installation.reader, installation.settings)


def make_question(
    metrics: str | Iterable[str],
    by: str | Iterable[str] | None,
    grain: str | None,
    top: int,
    order: str,
    share: bool,
) -> ExploreQuestion:
    """The question of one call."""
    from workbench.metrics.exploration import ExploreQuestion
    from workbench.metrics.filter_values import read_names

    return ExploreQuestion(_names(metrics), read_names(by), grain or "", top, order, share)  # type: ignore[arg-type]


def _names(metrics: str | Iterable[str]) -> tuple[str, ...]:
    texts = [metrics] if isinstance(metrics, str) else list(metrics)
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"metrics is {metrics!r}; write names of metrics, as ['messages', 'spend'].")
    return tuple(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))


def _asking(
    installation: Installation, filters: Filters, period: tuple[Moment, Moment], timezone: str
) -> Ask:
    """Asks the lake under these filters, which a narrower question goes before."""
    from workbench.metrics import MetricResult, query_metric
    from workbench.metrics.no_answer import is_of_inbound

    def ask(name: str, by: Sequence[str], where: Mapping[str, Any]) -> MetricResult:
        narrowed: dict[str, Any] = {**filters, **where}
        if is_of_inbound(name) and "direction" not in where:
            narrowed.pop("direction", None)
        since, until = period
        return query_metric(installation.reader, name, by, narrowed, since, until, timezone=timezone)

    return ask


def _compared(compare: str, since: Moment, until: Moment, timezone: str) -> tuple[Moment, Moment] | None:
    """The period to compare with."""
    from workbench.display.periods import custom_period, parse_day

    if compare not in COMPARISONS:
        raise UsageError(f"compare is {compare!r}; allowed are {', '.join(COMPARISONS)}.")
    if compare == "none":
        return None
    first, last = (_day(moment, name) for moment, name in ((since, "since"), (until, "until")))
    if first is None:
        raise UsageError("A comparison needs since, the first day of the period, as 2026-09-01.")
    compared = custom_period(first, parse_day(last, "until"), datetime.now(UTC), timezone).compared(compare)
    return (compared.since, compared.end) if compared else None


def _day(moment: Moment, name: str) -> date | None:
    from workbench.display.periods import parse_day

    if isinstance(moment, datetime) or (isinstance(moment, str) and len(moment.strip()) > len("2026-09-01")):
        raise UsageError(f"{name} is {moment}; a comparison is of whole days, as 2026-09-01.")
    return parse_day(moment or None, name)
