"""Copies the Twilio account into the lake and keeps the copy equal to it.

Start at ``whole_account.py``. ``messages`` reads the message log, ``account`` everything else of the account,
``reconcile`` compares both sides, ``imports`` reads exported files, ``shared`` is used by all of them.
"""
