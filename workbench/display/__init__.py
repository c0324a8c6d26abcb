"""How values are shown: numbers, money, durations, names of empty values, outcomes, times. Pure.

A value has the same text on a page, in the inbox, in a report and on a terminal. Start at `formats.py`.
"""
