"""Reports: notebooks of `notebooks/reports/`, run on one snapshot of the lake, saved as HTML and PDF.

Start at `run.py`. In this process `notebooks` finds reports, `parameters` checks parameters, `run` executes
one, `document` makes HTML and PDF, `manifest` records the data behind it, `mail` sends it, `schedule` says
which are due. In the notebook's kernel `report_builder` has the calls of a notebook; all numbers come from
the
metrics.
"""
