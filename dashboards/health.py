"""Health: what is wrong with the account, the webhooks, the lake and this machine, and what to do."""

from workbench import ui
from workbench.ui.panels import health

NAV_ORDER = 120

page = ui.Page(
    "health",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Table(
            "What is wrong",
            health.troubles,
            subtitle="The gravest first. Open one for the evidence and the repair.",
            span=12,
        ),
        ui.Table("What is fine", health.fine, subtitle="Examined, and as it must be.", span=12),
        ui.Table("Runs of the jobs", health.runs, subtitle="Of the schedule.", span=12),
    ],
    has_filters=False,
)
page.servable()
