"""Campaigns: which text is answered, which one drives people away, and what each costs."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import campaign_health, campaigns

NAV_ORDER = 15

page = ui.Page(
    "campaigns",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["reach", "reply_rate", "opt_out_rate", "cost_per_delivered"]),
        ui.Table(
            "Ranking",
            campaigns.ranking,
            subtitle="Those with the most messages first. Click one to filter, two to compare.",
            span=12,
            click=ui.MARK,
        ),
        ui.Table(
            "Comparison",
            campaigns.comparison,
            subtitle="The two that are chosen, or the chosen one against the period before.",
            span=7,
        ),
        ui.Table(
            "Health",
            campaign_health.health,
            subtitle="The parts of the health of the chosen one.",
            empty="Choose one above to see the parts of its health.",
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
    ],
    defaults={"kind": "template"},
)
page.servable()
