"""Rules: what is done by itself on what happens, what each rule did, and its switch."""

from workbench import ui
from workbench.api.rule_door import open_rules

NAV_ORDER = 110

page = ui.Page(
    "rules",
    __doc__,
    [
        ui.RuleList(open_rules),
        ui.Table(
            "What they did",
            ui.RuleHistory(open_rules),
            subtitle="The last 7 days, the newest first. Open one for the message.",
            span=12,
        ),
    ],
    has_filters=False,
)
page.servable()
