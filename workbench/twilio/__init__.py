"""All HTTP to Twilio: the client with its retries and its limit of concurrent requests, and the resources.

Start at `client.py` (every read goes through it), then `resources.py` (what is read, one entry per resource).
Sending is apart, in `sending.py`, because a message must never be sent twice.
"""
