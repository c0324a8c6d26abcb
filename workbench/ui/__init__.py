"""What dashboards and notebooks share: pages, their filters and their panels (cards, charts, tables, lists).

Start with ``page.py``; ``panels/kinds.py`` has the kinds of panels, ``components.py`` what a browser draws.
"""

from workbench.ui import charts
from workbench.ui.board_page import BoardPage
from workbench.ui.explore_state import MARK
from workbench.ui.inbox_page import InboxPage
from workbench.ui.page import COMMON_FILTERS, Page
from workbench.ui.page_data import PageData
from workbench.ui.panels import tables
from workbench.ui.panels.audits import AuditList
from workbench.ui.panels.do_not_contact import DoNotContact
from workbench.ui.panels.explore import ExploreChart, ExploreTable
from workbench.ui.panels.explore_builder import ExploreBuilder
from workbench.ui.panels.kinds import GRAIN, Cards, Chart, Figure, Findings, OpenAlerts, Table
from workbench.ui.panels.one_text import TextWords
from workbench.ui.panels.opt_out_requests import OptOutRequests
from workbench.ui.panels.rows import MessageDetail, MessageList
from workbench.ui.panels.rules import RuleHistory, RuleList
from workbench.ui.store import current_store, use_lake, use_settings

__all__ = [
    "COMMON_FILTERS",
    "GRAIN",
    "MARK",
    "AuditList",
    "BoardPage",
    "Cards",
    "Chart",
    "DoNotContact",
    "ExploreBuilder",
    "ExploreChart",
    "ExploreTable",
    "Figure",
    "Findings",
    "InboxPage",
    "MessageDetail",
    "MessageList",
    "OpenAlerts",
    "OptOutRequests",
    "Page",
    "PageData",
    "RuleHistory",
    "RuleList",
    "Table",
    "TextWords",
    "charts",
    "current_store",
    "tables",
    "use_lake",
    "use_settings",
]
