"""What every part of a sync uses: reading fields, days and windows, cancellation, privacy.

Start at ``request.py`` (what a sync is asked for and what it did), then ``windows.py`` (which days are read).
"""
