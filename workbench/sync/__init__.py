"""Brings the account into the lake and keeps it true.

Start with ``whole_account.py``. ``messages`` is the log, ``account`` what is around it, ``reconcile`` the
proof that both sides are equal, ``imports`` the way in for files, ``shared`` what all of them use.
"""
