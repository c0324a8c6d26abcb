"""Cost: what was spent and where, what of it was wasted, and how the month will end."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import money, month, texts

NAV_ORDER = 10

page = ui.Page(
    "cost",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["spend", "cost_per_delivered", "wasted_spend", "extra_segment_spend"]),
        ui.Chart(
            "Spend over time",
            metric="spend",
            by=[ui.GRAIN],
            draw=charts.money_over_time,
            subtitle="What Twilio charged, each currency on a scale of its own. Click a day to look closer.",
            empty="Nothing is priced in this period yet. Twilio may take a day to price a message.",
            span=7,
            click="day",
            compares=True,
        ),
        ui.Figure(
            "This month",
            month.month_figure,
            subtitle="Added up day by day, with the expected end. Always today's month, whatever the period.",
            span=5,
        ),
        ui.Table(
            "This month and last month",
            month.month_table,
            subtitle="Each currency for itself; the interval is wider the less there is to go by.",
            empty="Nothing was priced this month or last month.",
            span=12,
        ),
        ui.Table(
            "Wasted spend by reason",
            money.wasted_by("error_code"),
            subtitle="Paid for messages that did not arrive. Open one for what to do.",
            empty="Nothing was paid for messages that did not arrive.",
            span=6,
        ),
        ui.Table(
            "Wasted spend by sender",
            money.wasted_by("sender"),
            subtitle="The same money, by who sent it.",
            empty="Nothing was paid for messages that did not arrive.",
            span=6,
        ),
        ui.Table(
            "Wasted spend by country",
            money.wasted_by("country"),
            subtitle="The same money, by where it was sent to. Click a country to filter.",
            empty="Nothing was paid for messages that did not arrive.",
            span=6,
            click="country",
        ),
        ui.Table(
            "Countries",
            money.spend_by("country"),
            subtitle="The country of the other party. Click a country to filter.",
            span=6,
            click="country",
        ),
        ui.Table(
            "Senders",
            money.spend_by("sender"),
            subtitle="Our numbers and names. Click a sender to filter.",
            span=6,
            click="sender",
        ),
        ui.Table(
            "Messaging services",
            money.spend_by("messaging_service"),
            subtitle="What was sent through each. Click a service to filter.",
            span=6,
            click="messaging_service",
        ),
        ui.Table(
            "Direction",
            money.spend_by("direction"),
            subtitle="Inbound messages cost, too. Cost per delivered is of outbound messages.",
            span=6,
        ),
        ui.Table(
            "Message type",
            money.spend_by("message_type"),
            subtitle="MMS have at least one attachment and are billed by the message.",
            span=6,
        ),
        ui.Table(
            "Segments",
            money.spend_by("segment_count"),
            subtitle="What texts of one, two and more segments cost.",
            span=6,
        ),
        ui.Table(
            "Avoidable segments",
            texts.savings,
            subtitle="What outbound SMS cost more than the same words in the smallest encoding.",
            empty="No text would need fewer segments.",
            span=12,
        ),
    ],
    # Receiving costs too.
    defaults={"direction": "all"},
)
page.servable()
