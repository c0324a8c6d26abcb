"""The demo: one process simulates Twilio, this one syncs, and others serve pages, webhooks and programs.

The demo has its own home beside a real lake, so that the two never mix. Start with ``run.py``.
"""
