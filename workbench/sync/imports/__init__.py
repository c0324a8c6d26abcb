"""Imports messages from files: BulkExport and the console's CSV, for days that Twilio no longer lists.

Start at ``run.py`` (the user's files) or ``bulk_export.py`` (days that Twilio exported).
"""
