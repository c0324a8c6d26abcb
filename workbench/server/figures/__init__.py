"""What a server tells Prometheus at `/metrics`, and whom.

No label holds a number, a SID or a name of a person.

Each server counts its own requests (`requests.py`). The hooks add their own state (`hooks.py`) and what other
processes, as the jobs, left in the lake (`lake.py`). A value that is not known is absent, never 0.
"""
