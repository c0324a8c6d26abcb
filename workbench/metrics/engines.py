"""Which engine answers: DuckDB in this process, or Apache Spark where somebody asks for it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.errors import UsageError

DUCKDB, SPARK = "duckdb", "spark"
THIS_MACHINE = "local[*]"
"""Spark in a process of its own on this machine, on every core."""

_ADDRESS = r"[\w.-]+:[0-9]{1,5}"
_MASTER = re.compile(
    rf"local|local\[(?:[1-9][0-9]*|\*)\]|spark://{_ADDRESS}(?:,{_ADDRESS})*|yarn|k8s://\S+", re.ASCII
)


@dataclass(frozen=True)
class EngineChoice:
    """An engine, and for Spark its master as Spark's `--master` writes it."""

    name: str
    master: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it computes on this machine only."""
        return self.name == DUCKDB or self.master.startswith("local")


def read_engine(text: str | None) -> EngineChoice:
    """What somebody wrote as an engine; nothing is DuckDB.

    Raises:
        UsageError: there is no such engine, or no master is written so.
    """
    if text is None or text == DUCKDB:
        return EngineChoice(DUCKDB)
    name, equals, master = str(text).strip().partition("=")
    if name != SPARK:
        raise UsageError(
            f"engine is {text!r}; allowed are duckdb, spark (on this machine), spark=MASTER (a cluster, as "
            "spark=spark://host:7077)."
        )
    if not equals:
        return EngineChoice(SPARK, THIS_MACHINE)
    if not _MASTER.fullmatch(master):
        raise UsageError(
            f"Spark's master is {master!r}; write spark=spark://host:7077, spark=yarn, "
            "spark=k8s://https://host:443, spark=local[4] (four cores of this machine)."
        )
    return EngineChoice(SPARK, master)
