"""The generated traffic: what the simulated company sends and receives, the same for the same seed.

Start at `generator.py` (the messages of each day). `profile.py` says what the company owns, `plans.py` what
it intends to send on a day, `outcomes.py` how each message ends.
"""
