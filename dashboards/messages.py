"""Messages: the log itself, row by row; open one for its history, its cost and its conversation."""

from workbench import ui

NAV_ORDER = 110

page = ui.Page(
    "messages",
    __doc__,
    [ui.MessageList(), ui.MessageDetail()],
    # Everything that moved: whoever looks for a message does not know its direction.
    defaults={"direction": "all"},
    has_rows=True,
)
page.servable()
