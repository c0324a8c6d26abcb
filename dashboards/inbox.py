"""Inbox: who wrote, who waits for an answer, and the answer itself."""

from workbench import ui
from workbench.api import Workbench

page = ui.InboxPage("inbox", __doc__, Workbench.open_desk)
page.servable()
