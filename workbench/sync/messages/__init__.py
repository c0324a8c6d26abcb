"""The message log: which days to read, each page saved together with its progress, and what changed since.

Start with ``run.py``; ``windows.py`` of ``shared`` and ``open_set.py`` decide what it reads.
"""
