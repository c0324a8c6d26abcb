"""How values look: numbers, money, durations, names of nothing, outcomes, moments. Pure.

The same text on a page, in the inbox, in a report and on a terminal. Start at `formats`.
"""
