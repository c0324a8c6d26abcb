"""What stands out in a period: what is worst, what changed and what it costs, in sentences with their links.

`find.py` gives the list that pages, assistants and reports show; each rule stands in the module of its theme.
`excess.py` decides, without I/O, which messages fail more than they should; `cells.py` counts what it needs.
"""
