"""Segmentation: how texts are cut into billed segments, what forces more of them, and what that costs."""

from workbench import ui
from workbench.ui import charts
from workbench.ui.panels import tables, texts

NAV_ORDER = 20

page = ui.Page(
    "segmentation",
    __doc__,
    [
        ui.OpenAlerts(),
        ui.Cards(["segments_per_message", "multi_segment_share", "ucs2_share", "extra_segment_spend"]),
        ui.Chart(
            "Segments of each message",
            metric="messages",
            by=["segment_count", "encoding"],
            draw=charts.segment_histogram,
            subtitle="As Twilio billed them. GSM-7 holds 160 characters in one segment, UCS-2 only 70.",
            span=5,
        ),
        ui.Table(
            "Characters that force UCS-2",
            texts.characters,
            subtitle="One of them turns a whole text into UCS-2. The saving is that of the text without it.",
            empty="Every text fits GSM-7.",
            span=7,
        ),
        ui.Table(
            "Texts",
            texts.templates,
            subtitle="Similar texts are one row, the largest saving first. Open one for its text in GSM-7.",
            span=12,
        ),
        ui.Table(
            "Just over a boundary",
            texts.boundaries,
            subtitle="A few characters less would save a segment of every message.",
            empty="No text is a few characters over one segment.",
            span=12,
        ),
        ui.Table(
            "By country",
            tables.by_field("country", ["messages", "segments_per_message", "ucs2_share"]),
            subtitle="Languages differ in what they need. Click a country to filter.",
            span=6,
            click="country",
        ),
        ui.Table(
            "By sender",
            tables.by_field("sender", ["messages", "segments_per_message", "ucs2_share"]),
            subtitle="Click a row to filter.",
            span=6,
            click="sender",
        ),
        ui.Table(
            "Our segment count and Twilio's",
            texts.mismatches,
            subtitle="Each text counted here again, and where Twilio billed another number.",
            span=12,
        ),
    ],
)
page.servable()
