"""Copies of an installation elsewhere, and back: consistent while everything runs, checked by reading back.

Start with `make.py` (a backup, step by step) and `restore.py`; `repository.py` says what lies at the target.
"""
