"""Tells people what comes in: in open pages, by mail, or by an address of apprise that they chose.

Start with ``decide.py``: who is told of what; then ``due.py``: what is told outside of the pages now.
"""
