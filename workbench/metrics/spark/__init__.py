"""Answers metrics and audits on Apache Spark, over the lake's own files, where one machine is too small.

Start at `reader.py`: it takes the place of the lake and gives the same rows. `statements.py` and `views.py`
say DuckDB's SQL in Spark's; `tables.py` gives Spark the files; `process.py` starts and ends it. Nothing of
Spark is imported before `--engine spark` asks for it.
"""
