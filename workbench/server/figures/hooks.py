"""The state of the hooks process at this moment: the spool, how far the lake is behind, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from workbench.lake.spool import Spool
from workbench.server.health import Health
from workbench.server.webhook_handlers import Hooks

_COMMIT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class HooksFigures(Collector):
    """Asks the parts of one hooks process."""

    def __init__(self, hooks: Hooks, spool: Spool, health: Health) -> None:
        self._hooks, self._spool, self._health = hooks, spool, health

    def collect(self) -> Iterator[Metric]:
        lag = self._hooks.applier.lag_seconds()
        is_ready = self._health.report()["ready"]
        for name, text, value in (
            ("workbench_ready", "Whether webhooks are stored and reach the lake, as /readyz says.", is_ready),
            ("workbench_webhooks_on", "Whether webhooks are taken.", self._hooks.settings.off is None),
            (
                "workbench_spool_records",
                "Webhooks on the disk that the lake has not yet.",
                self._spool.waiting,
            ),
            ("workbench_spool_bytes", "Size of the spool's files.", self._spool.bytes_on_disk()),
            ("workbench_lake_lag_seconds", "Age of the oldest webhook that the lake has not.", lag),
        ):
            yield GaugeMetricFamily(name, text, value)
        stored = self._hooks.intake.stored
        yield CounterMetricFamily("workbench_webhooks_stored", "Webhooks forced to the disk.", stored)
        refused = CounterMetricFamily("workbench_webhooks_refused", "Refused webhooks.", labels=["status"])
        statuses: Counter[str] = Counter()
        for reason, count in list(self._hooks.refusals.total.items()):
            statuses[reason.partition(" ")[0]] += count
        for status, count in statuses.items():
            refused.add_metric([status], count)
        yield refused


def commit_seconds(registry: CollectorRegistry) -> Histogram:
    """How long it takes to bring waiting webhooks into the lake."""
    return Histogram(
        "workbench_lake_commit_seconds", "Time to commit waiting webhooks to the lake.",
        buckets=_COMMIT_SECONDS, registry=registry,
    )  # fmt: skip
