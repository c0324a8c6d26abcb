"""Conversations and contacts: reads and writes the lake; sends nothing.

A conversation has one of our senders (or messaging services) and one contact. People here set its state,
assignee and labels, and write notes. Start with ``inbox_session.py``, which answers the inbox in a browser.
"""
