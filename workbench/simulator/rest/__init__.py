"""Twilio's REST interface over the simulated account: one module per resource.

Start at `routes.py` (from path to handler), then `base.py` (authentication, limits, faults and errors, which
all answers have in common).
"""
