"""Explore: any metric by any dimensions, as chart and table; kept as views."""

from workbench import ui

NAV_ORDER = 15

page = ui.Page(
    "explore",
    __doc__,
    [
        ui.ExploreBuilder(),
        ui.ExploreChart(0),
        ui.ExploreChart(1),
        ui.ExploreChart(2),
        ui.ExploreChart(3),
        ui.ExploreTable(),
    ],
    filters=(*ui.COMMON_FILTERS, "sender_type", "error_code", "status", "account", "encoding"),
    has_question=True,
)
page.servable()
