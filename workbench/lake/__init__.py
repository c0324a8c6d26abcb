"""The lake: the local copy of the account, in DuckDB's lakehouse format. The only user of DuckDB."""

from workbench.lake.connect import Lake
from workbench.lake.opening import open_lake

__all__ = ["Lake", "open_lake"]
