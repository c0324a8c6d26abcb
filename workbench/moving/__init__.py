"""Moves a lake to another catalog and place of files while it is read and written; start at `run.py`."""
