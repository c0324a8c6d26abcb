"""The ways out to people that alerts and notifications share: apprise, mail, and when to try again.

Start with ``answers.py``: what is told, and how telling it ended.
"""
