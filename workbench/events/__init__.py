"""Tells other programs what happens: signed webhooks over the feed, in order per conversation, at least once.

Start at ``deliver.py``; ``webhooks.py`` has the receivers of the settings, ``body.py`` what they are told.
"""
