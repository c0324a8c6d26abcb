"""Sending: what may be sent, to whom and when; never twice, and never to a person who opted out.

Start at ``deliver.py`` (one send) or ``batch.py`` (many). Rules and arithmetic are pure (``outgoing``,
``preflight``, ``pacing``, ``attempt``, ``log_matching``); I/O is in ``facts``, ``outbox``, ``settle``,
``deliver`` and ``batch``.
"""
