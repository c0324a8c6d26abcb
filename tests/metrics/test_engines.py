"""Engines by name, what Spark needs before it starts, and DuckDB's SQL in Spark's words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.lakes import begin_lake
from tests.ports import free_port
from tests.ui.known import known_messages, save
from workbench.cli import main
from workbench.errors import ConfigError, Unreachable, UsageError
from workbench.lake.views import known_views
from workbench.metrics.engines import EngineChoice, read_engine
from workbench.metrics.spark.regexes import java_pattern, java_replacement
from workbench.metrics.spark.requirements import require_spark
from workbench.metrics.spark.statements import NoCounterpart
from workbench.metrics.spark.views import translate, view_statement
from workbench.settings import load_settings


@pytest.mark.parametrize(
    ("text", "name", "master"),
    [
        (None, "duckdb", ""),
        ("duckdb", "duckdb", ""),
        ("spark", "spark", "local[*]"),
        ("spark=local[4]", "spark", "local[4]"),
        ("spark=spark://a.example:7077,b.example:7077", "spark", "spark://a.example:7077,b.example:7077"),
        ("spark=yarn", "spark", "yarn"),
        ("spark=k8s://https://k8s.example:443", "spark", "k8s://https://k8s.example:443"),
    ],
)
def test_an_engine_by_its_name(text: str | None, name: str, master: str) -> None:
    assert read_engine(text) == EngineChoice(name, master)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Spark",
        "trino",
        "spark=",
        "spark=host:7077",
        "spark=spark://host",
        "spark=local[0]",
        "spark=sc://h:1",
    ],
)
def test_another_engine_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(
        UsageError, match=re.escape(repr(text.partition("=")[2])) + ".*spark=" if "=" in text else "engine is"
    ):
        read_engine(text)


def test_without_pyspark_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(ConfigError, match=re.escape("pip install 'workbench[spark]'")):
        require_spark(read_engine("spark"))


def _write_java(folder: Path, version: str) -> None:
    (folder / "bin").mkdir(parents=True)
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)


def test_java_is_asked_for_before_spark_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError, match=r"needs Java 17 or later, and JAVA_HOME is .*nothing"):
        require_spark(read_engine("spark"))
    _write_java(tmp_path / "old", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    with pytest.raises(ConfigError, match="is Java 11, and Spark needs 17"):
        require_spark(read_engine("spark"))


def test_a_master_that_does_not_answer_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command: one line, no trace of Java, exit code 3."""
    pytest.importorskip("pyspark")
    _write_java(tmp_path / "java", "17.0.1")
    home = tmp_path / "home"
    home.mkdir()
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
    for name, value in {"JAVA_HOME": str(tmp_path / "java"), "WORKBENCH_HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    master = f"spark://127.0.0.1:{free_port()}"
    result = CliRunner().invoke(main, ["metric", "messages", "--engine", f"spark={master}"])
    assert isinstance(result.exception, Unreachable) or result.exit_code == 3
    told = str(result.exception) if isinstance(result.exception, Unreachable) else result.stderr
    assert told.strip().count("\n") == 0
    assert f"No Spark master answers at {master}" in told
    assert list((home / "tmp").glob("spark-*")) == []


def test_nothing_of_spark_is_imported_unless_asked_for() -> None:
    program = (
        "import sys, workbench.api, workbench.metrics; "
        "print([name for name in sys.modules if 'spark' in name or name == 'py4j'])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [name for name, view in known_views().items() if view.kind == "view"])
def test_every_view_has_a_counterpart(name: str) -> None:
    statement = view_statement(name)
    assert statement is not None
    assert not re.search(
        r"\b(asof|qualify|materialized|unnest|quantile_cont)\b", statement.sql, re.IGNORECASE
    )


def test_the_macro_that_is_written_by_hand_is_written_after_this_text() -> None:
    """Change the one in spark/views.py with it; tests/metrics/test_spark.py compares their numbers."""
    digest = "f0e7cce03ea6e2b4"
    assert known_views()["business_seconds"].digest.startswith(digest)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("select epoch(a) from t", "(CAST(UNIX_MICROS(a) AS DOUBLE) / 1000000)"),
        ("select sum(a) / nullif(count(*), 0) from t", "CAST(SUM(a) AS DOUBLE) / NULLIF(COUNT(*), 0)"),
        ("select quantile_cont(a, 0.9) filter (b) from t", "PERCENTILE(a, 0.9) FILTER(WHERE b)"),
        ("select timezone('Europe/Berlin', a) from t", "FROM_UTC_TIMESTAMP(a, 'Europe/Berlin')"),
        ("select extract(isodow from a) from t", "(WEEKDAY(a) + 1)"),
        ("select a[:3], a[5:], a[1] from t", "SUBSTRING(a, 1, 3), SUBSTRING(a, 5), SUBSTRING(a, 1, 1)"),
        ("select max({'x': a, 'y': b})['y'] from t", "(MAX(STRUCT(a AS x, b AS y))).y"),
        (
            "select min(a) filter (b) over (partition by c) from t",
            "MIN(CASE WHEN b THEN a END) OVER (PARTITION BY c)",
        ),
        (
            "select batch_of(a) from t",
            "(SELECT MAX(of_batch) FROM (SELECT message_sid AS sent_sid, batch AS of_batch",
        ),
    ],
)
def test_what_means_something_else_in_spark_is_said_otherwise(duckdb: str, spark: str) -> None:
    assert spark in translate(duckdb).sql


@pytest.mark.parametrize(
    "sql",
    [
        "select regexp_replace(a, 'x', 'y') from t",
        "select a[b] from t",
        "select regexp_matches(a, 'x', 'x') from t",
    ],
)
def test_what_has_no_counterpart_is_refused(sql: str) -> None:
    with pytest.raises(NoCounterpart):
        translate(sql)


def test_regular_expressions_match_the_same_texts() -> None:
    assert java_pattern(r"^a[b[]$", "i") == r"(?diu)^a[b\[]\z"
    assert (
        java_pattern(r"\bstop")
        == r"(?d)(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))stop"
    )
    assert java_replacement(r"+52\1$") == r"+52$1\$"
