"""Brings the account's message log into the lake and keeps it true."""
