"""The server processes: the pages for people, the webhooks for Twilio, and the schedule of jobs.

Start at `serving.py` (which processes run), then `hooks.py` (webhooks), `schedule.py` (when jobs run) and
`access/` (sign-in and roles).
"""
