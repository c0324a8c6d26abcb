"""Conversations: one for each sender (or messaging service) and contact; their state, and the contacts.

Reads and writes the lake; sends nothing. Start at `find.py` (finds one), `listing.py` (the list) or
`inbox_session.py` (the requests of the inbox page).
"""
