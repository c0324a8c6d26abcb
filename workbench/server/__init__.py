"""The processes that people and Twilio talk to: pages and hooks, kept alive by `supervise`.

Start with ``hooks`` (webhooks and the schedule) or ``pages`` (the dashboards); ``serving`` starts both.
``access`` is the sign-in before the pages.
"""
