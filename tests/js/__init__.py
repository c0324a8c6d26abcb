"""Checks the JavaScript of the pages with Biome: its format, its rules, and names that no script declares.

``python -m tests.js`` checks, ``python -m tests.js --fix`` formats. It needs node and npm, which the program
itself does not: without them it says loudly that nothing was checked.
"""
