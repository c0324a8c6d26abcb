"""Inbox: who wrote, who waits for an answer, and the answer itself."""

from workbench import ui
from workbench.api.inbox import open_inbox

page = ui.InboxPage("inbox", __doc__, open_inbox)
page.servable()
