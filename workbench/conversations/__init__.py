"""Conversations: one for each of our senders (or messaging services) and contact, what people here decided
about them, and who the contacts are. Reads and writes the lake; sends nothing.
"""
