"""Sign-in to the pages: who may come in, how they prove it, how long it lasts, and the trail it leaves.

Start with ``gate`` (who is asking) and ``sign_in`` (how Panel's server asks it).
"""
