"""Messages from files: BulkExport and the console's CSV, for what the list no longer reaches.

Start with ``run.py`` (files) or ``bulk_export.py`` (days that Twilio exported).
"""
