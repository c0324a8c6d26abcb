"""The log of every process of ours: one set-up, one form, and nothing of people or secrets in a line.

`set_up.py` sets it up; `redaction.py` decides what of a record may be written; `lines.py` writes it.
"""
