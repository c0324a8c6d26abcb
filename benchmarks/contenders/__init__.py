"""One script per way of bringing the message log into DuckDB; each runs in a process of its own.

A script reads the account from the environment that ``workbench simulate`` prints, takes its other
parameters as arguments, and prints one JSON object with `rows`, the messages it ended up with.
"""
