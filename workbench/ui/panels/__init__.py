"""Panels: what a dashboard is composed of. A panel names its component and makes the component's props.

Start with ``kinds.py``: the kinds of panels. ``rows.py`` lists messages; the other modules make props of the
numbers of a page, one module for each theme, as plain data.
"""
