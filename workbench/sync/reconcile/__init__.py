"""Compares the lake with Twilio day by day, says what differs and why, and repairs it on demand.

Start with ``run.py``; ``compare.py`` is the pure part.
"""
