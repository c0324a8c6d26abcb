"""What assistants (language models) may ask of an installation, by the Model Context Protocol.

Start at `server.py`, which lists the tools. Each asks a use case of `workbench.api` and says its answer as a
structure of `answers.py`. Nothing is computed here, and nothing is sent. `stdio.py` and `http.py` are the two
ways in; `caller.py` says who asks, `outside_text.py` what happens to texts that others wrote.
"""
