"""Webhooks as Twilio posts them: status callbacks and inbound messages, with signature and retries.

Start at `callbacks.py` (the worker that posts); `forms.py` decides fields, addresses and retries without I/O.
"""
