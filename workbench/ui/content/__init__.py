"""What the parts of the dashboards say: content made of a view's numbers, one module for each theme.

A function here takes a view and returns a table's or a figure's content as plain data; see
:class:`workbench.ui.parts.Table` and :class:`workbench.ui.parts.Figure`.
"""
