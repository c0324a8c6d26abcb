"""My pages: saved views and parts of other pages, arranged as you need them."""

from workbench import ui

NAV_ORDER = 90

page = ui.BoardPage("my_pages", __doc__)
page.servable()
