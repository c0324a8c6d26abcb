"""Tokens of programs: `store.py` keeps who has one, `uses.py` when each was last used.

Servers ask `server/access/tokens.py` whose token a request bears.
"""
