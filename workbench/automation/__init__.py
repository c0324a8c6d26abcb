"""Rules that act by themselves on what happens: `[[rules]]` of the settings, and the built-in ones.

What is decided is pure: `situation.py` (the facts of one event), `conditions.py`, `plan.py` and
`reply_guard.py`. `fire.py` commits that a rule fires before it acts, so that it acts once. Start with
``run.py``.
"""
