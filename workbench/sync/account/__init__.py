"""The resources of an account besides messages: senders, services, media, usage, alerts, subaccounts.

Start at ``catalog.py`` (one entry per resource), then ``account_reader.py`` (what all entries use).
"""
