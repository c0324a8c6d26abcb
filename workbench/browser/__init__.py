"""What Python and the JavaScript of a page or widget send each other: the types, in one place. Pure.

``components.py`` has the props and messages of each component, ``sessions.py`` the questions and answers of
the inbox and the composer, ``schema.py`` the check that every message from a browser passes first.
"""
