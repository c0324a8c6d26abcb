"""Reports: notebooks of `notebooks/reports/`, run on one snapshot of the lake, kept as HTML, PDF and proof.

Outside (this process): `notebooks` finds them, `parameters` checks what they are given, `run` executes one,
`document` makes HTML and PDF of it, `manifest` writes down what it stands on, `mail` sends it, `schedule`
says which are due. Inside (the kernel of the notebook): `report_builder` is the few calls a notebook is made
of; it asks the metrics registry and nothing else for numbers.
"""
