"""The lake: the local copy of the account, in DuckDB's lakehouse format (DuckLake).

Start at `connect.py` (every query goes through `Lake`) and `opening.py` (opens one). Tables are in `sql/`,
views in `sql/views/`; `save.py` and `save_rows.py` write rows.
"""

from workbench.lake.connect import Lake
from workbench.lake.opening import open_lake

__all__ = ["Lake", "open_lake"]
