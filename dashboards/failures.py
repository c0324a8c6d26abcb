"""Delivery failures: what did not arrive, why, who is hit, and what to do about it."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import reasons, tables

NAV_ORDER = 40

page = ui.Page(
    "failures",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["delivery_rate", "error_rate", "error_rate_without_opt_outs", "not_delivered"]),
        ui.Cards(["undelivered_rate", "failed_rate", "unknown_rate", "in_flight", "delivered"], size="small"),
        ui.Table(
            "Why messages did not arrive",
            reasons.reasons,
            subtitle="Failed and undelivered messages by error code. Open one for what to do.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=7,
        ),
        ui.Figure(
            "Most frequent error codes",
            reasons.pareto_figure,
            subtitle="Messages by code, and the share of the largest together. Click one to filter.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=5,
            click="error_code",
        ),
        ui.Chart(
            "Failures over time",
            metric="not_delivered",
            by=[ui.GRAIN, "error_code"],
            draw=charts.codes_over_time,
            subtitle="By code, the five largest by name. Click a day to look closer.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=7,
            click="day",
        ),
        ui.Chart(
            "When messages fail",
            metric="error_rate",
            by=["weekday", "hour"],
            draw=charts.heat_map,
            subtitle="Error rate by hour of the week; hours with fewer than 30 final messages are empty.",
            empty="Fewer than 30 final messages in each hour of the week.",
            span=5,
        ),
        ui.Table(
            "Senders",
            reasons.failing("sender"),
            subtitle="Click a row to filter.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=6,
            click="sender",
        ),
        ui.Table(
            "Countries",
            reasons.failing("country"),
            subtitle="Click a row to filter.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=6,
            click="country",
        ),
        ui.Table(
            "Messaging services",
            reasons.failing("messaging_service"),
            subtitle="Click a row to filter.",
            empty="Nothing failed in this period with these filters.",
            narrow={"outcome": tables.NOT_ARRIVED},
            span=6,
            click="messaging_service",
        ),
        ui.Table(
            "How long it took",
            reasons.latency,
            subtitle="Percentiles of each stage over all its messages, never averages of averages.",
            span=6,
        ),
    ],
    filters=(*ui.COMMON_FILTERS, "sender_type", "error_code"),
)
page.servable()
