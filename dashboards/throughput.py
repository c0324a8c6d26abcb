"""Throughput: how long messages wait for their sender, and what a higher limit would change."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import speed, waits

NAV_ORDER = 30

page = ui.Page(
    "throughput",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["queue_wait_p50", "queue_wait_p95", "minutes_at_limit", "backlog"]),
        ui.Cards(["queue_wait_p99", "minute_utilisation", "peak_speed"], size="small"),
        ui.Table(
            "What a higher limit would change",
            waits.what_if,
            empty="Nothing was sent in this period by a sender whose limit is known.",
            span=12,
        ),
        ui.Table(
            "Senders",
            speed.senders,
            subtitle="Those whose messages waited first. Open one for its limit and its longest run.",
            empty="Nothing was sent in this period with these filters.",
            span=12,
        ),
        ui.Figure(
            "Busiest minute against the limit",
            speed.utilisation,
            subtitle="The senders closest to their limits; the dashed line is each sender's own limit.",
            empty="Nothing was sent by a sender whose limit is known.",
            span=7,
        ),
        ui.Figure(
            "Wait in the queue",
            speed.waits,
            subtitle="From creation to sending. Days with fewer than 30 sent messages are left out.",
            empty="Fewer than 30 messages were sent in each part of the period.",
            span=5,
        ),
        ui.Figure(
            "The busiest minute, second by second",
            speed.busiest_figure,
            empty="Nothing was sent in this period with these filters.",
            span=7,
        ),
        ui.Table(
            "Busiest minutes",
            speed.busiest_table,
            subtitle="The minutes in which a sender came closest to its limit.",
            empty="Nothing was sent in this period with these filters.",
            span=5,
        ),
        ui.Chart(
            "When it is busy",
            metric="peak_speed",
            by=["weekday", "hour"],
            draw=charts.heat_map,
            subtitle="Segments in the busiest second of each hour of the week, all senders together.",
            span=6,
        ),
        ui.Chart(
            "When messages wait",
            metric="queue_wait_p95",
            by=["weekday", "hour"],
            draw=charts.heat_map,
            subtitle="95 % left within this; hours with fewer than 30 sent messages are empty.",
            empty="Fewer than 30 messages were sent in each hour of the week.",
            span=6,
        ),
    ],
)
page.servable()
