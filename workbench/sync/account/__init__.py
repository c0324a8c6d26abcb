"""Everything around the messages: senders, services, media, usage, alerts, and the subaccounts.

Start with ``catalog.py``: one entry per resource.
"""
