"""Sending: what may be sent, to whom and when; never twice, never to somebody who opted out.

Start with ``deliver``: claim, request, record. Rules and arithmetic are pure (``outgoing``, ``preflight``,
``pacing``, ``attempt``, ``log_matching``); what reads the lake, asks Twilio or waits stands beside them
(``facts``, ``outbox``, ``settle``, ``deliver``, ``batch``).
"""
