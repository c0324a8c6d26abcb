"""Sign-in to the pages: who may enter, how they prove it, how long it lasts, and the audit rows about it.

Start at `gate.py` (everything that sign-in needs, built from the settings) and `sign_in.py` (how Panel's
server asks it).
"""
