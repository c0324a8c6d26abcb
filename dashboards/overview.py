"""Overview: how much was sent, what became of it, and what it cost."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import tables
from workbench.ui.panels.findings import what_changed

page = ui.Page(
    "overview",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["messages", "delivery_rate", "spend", "cost_per_delivered"]),
        ui.Cards(
            ["undelivered_rate", "failed_rate", "unknown_rate", "in_flight", "segments", "opt_outs"],
            size="small",
        ),
        ui.Findings(
            "What stands out",
            what_changed,
            subtitle="What is bad and touches most first. Only what is more than chance or a tenth.",
        ),
        ui.Chart(
            "Messages",
            metric="messages",
            by=[ui.GRAIN, "outcome"],
            draw=charts.by_outcome,
            subtitle="By outcome. Click a day to look closer.",
            span=7,
            click="day",
            compares=True,
        ),
        ui.Table(
            "Why messages did not arrive",
            tables.failures,
            subtitle="Failed and undelivered messages by error code. Open one for what to do.",
            empty="Nothing failed in this period with these filters.",
            span=5,
            narrow={"outcome": tables.NOT_ARRIVED},
        ),
        ui.Chart(
            "Spend",
            metric="spend",
            by=[ui.GRAIN],
            draw=charts.money_over_time,
            subtitle="What Twilio charged, each currency on a scale of its own.",
            empty="Nothing is priced in this period yet. Twilio may take a day to price a message.",
            span=6,
            click="day",
            compares=True,
        ),
        ui.Chart(
            "Delivery rate",
            metric="delivery_rate",
            by=[ui.GRAIN],
            draw=charts.over_time,
            subtitle="Of finished outbound messages. Click a day to look closer.",
            empty="Too few finished messages in each part of this period.",
            span=6,
            click="day",
            compares=True,
        ),
        ui.Table(
            "Countries",
            tables.by_field("country", ["messages", "delivery_rate", "cost_per_delivered"]),
            subtitle="The country of the other party. Click a country to filter.",
            span=12,
            click="country",
        ),
        ui.Table(
            "Senders",
            tables.by_field(
                "sender", ["messages", "delivery_rate", "undelivered_rate", "failed_rate", "spend"]
            ),
            subtitle="Our numbers and names, the busiest first. Click a sender to filter.",
            span=12,
            click="sender",
        ),
    ],
    # Everything that moved, so that spend and opt-outs are the account's own.
    defaults={"direction": "all"},
)
page.servable()
