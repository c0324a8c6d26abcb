"""The simulated account: its log, SIDs, journal, usage, alerts, and the messages sent through the API.

Start at `account.py` (the whole account, built from a seed), then `ledger.py` (one main account or
subaccount) and `log.py` (the message log as it looks at a given instant).
"""
