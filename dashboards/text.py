"""Text: one text, what became of it, what its characters cost, and the cheaper one."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import campaigns, one_text, tables

IN_MENU = False

_RATES = ["messages", "delivery_rate", "reply_rate", "opt_out_rate", "cost_per_delivered"]

page = ui.Page(
    "text",
    __doc__,
    [
        ui.TextWords(),
        ui.Cards(["messages", "delivery_rate", "reply_rate", "opt_out_rate"]),
        ui.Table(
            "What became of it",
            tables.by_field("outcome", ["messages", "spend"]),
            subtitle="Its messages by outcome. Click one to filter.",
            span=6,
            click="outcome",
        ),
        ui.Table(
            "Rates and cost",
            one_text.text_numbers,
            subtitle="Each rate with its interval and its sample.",
            span=6,
        ),
        ui.Table(
            "Against the period before",
            campaigns.comparison,
            subtitle="In sentences, with what may be chance.",
            span=12,
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
            "By sender",
            tables.by_field("sender", _RATES),
            subtitle="Click a row to filter.",
            span=12,
            click="sender",
        ),
        ui.Table(
            "By country",
            tables.by_field("country", _RATES),
            subtitle="Click a country to filter.",
            span=12,
            click="country",
        ),
    ],
    needs="template",
)
page.servable()
