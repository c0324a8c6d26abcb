"""Answers DuckDB's SQL on Spark, in the place of a lake: same statement, same columns, same types.

Every table of an answer is of one version of the lake; while nobody writes, the next answer reads the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.errors import Unreachable, UsageError
from workbench.lake.connect import Lake, LakeVersion, Parameters
from workbench.lake.quoting import identifier
from workbench.lake.snapshot_files import read_snapshot_table
from workbench.metrics.engines import EngineChoice
from workbench.metrics.spark.process import SparkProcess, first_line
from workbench.metrics.spark.statements import NoCounterpart
from workbench.metrics.spark.tables import make_view
from workbench.metrics.spark.views import HOURS_SQL, HOURS_VARIABLE, SparkStatement, translate, view_statement
from workbench.metrics.sql_text import with_literals

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


#: What people said and where senders belong, a row for each decision and not for each message. DuckDB answers
#: these: Spark repeats each named part of a query wherever it is used, and would plan them for minutes.
_HANDED_OVER = frozenset({"consent_said", "opt_out_spans", "side_nodes"})


class SparkReader:
    """A lake that Spark reads. One thread at a time."""

    def __init__(self, lake: Lake, choice: EngineChoice, home: Path) -> None:
        """Spark starts with the first question.

        Args:
            home: its folder `tmp/` holds what does not fit into memory.
        """
        self._lake, self._choice, self._home = lake, choice, home
        self._process: SparkProcess | None = None
        self._known: set[str] = set()
        self._snapshot = -1

    def close(self) -> None:
        """End the Spark that was started here."""
        process, self._process = self._process, None
        self._known.clear()
        if process is not None:
            process.close()

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        with self._lake.memory() as cursor:
            return self._relation(cursor, sql, parameters).fetchall()

    def value(self, sql: str, parameters: Parameters = None) -> Any:
        """The first column of the first row; None when there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def frame(self, sql: str, parameters: Parameters = None) -> pd.DataFrame:
        with self._lake.memory() as cursor:
            return self._relation(cursor, sql, parameters).df()

    def _relation(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters
    ) -> duckdb.DuckDBPyRelation:
        """Spark's rows with the types that DuckDB would give them."""
        named = dict(parameters) if isinstance(parameters, Mapping) else {}
        text = with_literals(sql, named)
        with self._lake.version() as version:
            # Binding the query, which reads no row, says the types.
            expected = version.cursor.sql(text)
            types = list(zip(expected.columns, expected.types, strict=True))
            answer = self._ask(version, text)
        relation = cursor.from_arrow(answer.rename_columns([name for name, _ in types]))
        return relation.select(
            *(duckdb.ColumnExpression(name).cast(kind).alias(name) for name, kind in types)
        )

    def _ask(self, version: LakeVersion, text: str) -> pa.Table:
        try:
            statement = translate(text)
            self._follow(version)
            self._make_known(version, statement)
            return self._session.sql(statement.sql).toArrow()
        except NoCounterpart as error:
            raise UsageError(
                f"Spark cannot answer this: it has nothing that means the same as {error}. Ask without "
                f"--engine."
            ) from error
        except Exception as error:
            raise self._explained(error) from error

    @property
    def _session(self) -> Any:
        if self._process is None:
            self._process = SparkProcess(self._choice, self._home)
        return self._process.session

    def _follow(self, version: LakeVersion) -> None:
        """Forget the files of an earlier version of the lake."""
        snapshot = int(version.value("from ducklake_current_snapshot('lake')"))
        if snapshot != self._snapshot:
            self._known.clear()
        self._snapshot = snapshot

    def _make_known(self, version: LakeVersion, statement: SparkStatement) -> None:
        """Let Spark know the tables and views of a statement, each after what it reads."""
        if HOURS_VARIABLE in statement.sql and HOURS_VARIABLE not in self._known:
            self._make_known(version, SparkStatement("", frozenset({"business_hours"})))
            for statement_of_hours in HOURS_SQL:
                self._session.sql(statement_of_hours)
            self._known.add(HOURS_VARIABLE)
        for name in sorted(statement.sources - self._known):
            view = view_statement(name)
            if name in _HANDED_OVER:
                rows = version.cursor.execute(f"select * from {identifier(name)}").to_arrow_table()
                self._session.createDataFrame(rows).createOrReplaceTempView(name)
            elif view is None:
                with self._lake.open_reader() as reader:
                    make_view(self._session, read_snapshot_table(version, name), reader)
            else:
                self._make_known(version, view)
                self._session.sql(view.sql).createOrReplaceTempView(name)
            self._known.add(name)

    def _explained(self, error: Exception) -> Exception:
        """Spark's error in one line; ours, and those of the lake, stay as they are."""
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            return error
        reason = first_line(error)
        if "s3a" in reason.lower() or "S3AFileSystem" in str(error):
            return Unreachable(
                f"Spark cannot read the bucket of this lake: {reason}. It needs Hadoop's S3A (hadoop-aws "
                f"of its own "
                "Hadoop version): put `spark.jars.packages org.apache.hadoop:hadoop-aws:…` into "
                "spark-defaults.conf "
                "of SPARK_CONF_DIR, and the keys of AWS into the environment."
            )
        if "FILE_NOT_EXIST" in reason or "FileNotFoundException" in str(error):
            return Unreachable(
                f"A file of the lake is not where Spark looks: {reason}. Every worker must see the lake's "
                f"files at "
                "the same path, or in a bucket; where it ran for more than an hour, ask again."
            )
        return Unreachable(f"Spark at {self._choice.master} could not answer: {reason.rstrip('.')}.")
