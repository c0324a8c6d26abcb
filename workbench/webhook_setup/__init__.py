"""Sets Twilio's webhooks to this installation's public address, and proves that they arrive.

Start at `setup.py` (reads, proves, sets); `plan.py` decides what must change, `prove.py` calls our own public
address as Twilio would.
"""
