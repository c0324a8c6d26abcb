"""The product for other programs, over HTTP: the same calls as the command line's, with a token.

Start at `app.py` (which routers there are), `routes.py` (what each route says of itself: role and scope) and
`door.py` (what every request passes). `conversations.py` is the pattern of a router. Nothing is decided here
that the calls of `workbench/api` do not decide.
"""
