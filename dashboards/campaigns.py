"""Campaigns: which text is answered, which one drives people away, and what each costs."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import campaign_health, campaigns, texts

NAV_ORDER = 15

page = ui.Page(
    "campaigns",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["reach", "reply_rate", "opt_out_rate", "cost_per_delivered"]),
        ui.Table(
            "Texts",
            campaigns.ranking_of("template"),
            subtitle="Similar texts are one row, the most frequent first. Click to filter, two to compare.",
            empty="No text in this period with these filters.",
            span=12,
            click="template",
        ),
        ui.Table(
            "Comparison",
            campaigns.comparison,
            subtitle="The two chosen texts or services, or the chosen one against the period before.",
            empty="Choose one text above to compare it with the period before, or two to compare them.",
            span=7,
        ),
        ui.Table(
            "Health",
            campaign_health.health,
            subtitle="The parts of the chosen text's or service's health.",
            empty="Choose one text above to see the parts of its health.",
            span=5,
        ),
        ui.Chart(
            "Course",
            metric="messages",
            by=[ui.GRAIN, "outcome"],
            draw=charts.by_outcome,
            subtitle="By outcome. Click a day to look closer.",
            span=6,
            click="day",
        ),
        ui.Figure(
            "Replies by hour of sending",
            campaigns.replies_by_hour,
            empty="No hour has enough people yet.",
            span=6,
        ),
        ui.Table(
            "What the text costs",
            texts.templates,
            subtitle="The largest saving first. Open one for its text in GSM-7, to copy.",
            span=7,
        ),
        ui.Table(
            "Characters that cost",
            texts.characters,
            subtitle="One of them turns a whole text into UCS-2.",
            empty="Every text fits GSM-7.",
            span=5,
        ),
        ui.Table(
            "Messaging services",
            campaigns.ranking_of("messaging_service"),
            subtitle="The most frequent first. Click to filter, two to compare.",
            empty="No message of this period was sent through a messaging service.",
            span=12,
            click="messaging_service",
        ),
        ui.Table(
            "Batches",
            campaigns.ranking_of("batch"),
            subtitle="Sent from here, the largest first.",
            empty="No batch was sent from here in this period.",
            span=12,
        ),
    ],
)
page.servable()
