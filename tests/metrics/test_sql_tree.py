"""What is read of a query as a tree: the views and columns that it needs, and the time that it asks for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.metrics.sql_tree import LocalQuery, QueryShape, query_shape, with_local_column


@pytest.mark.parametrize(
    ("sql", "tables", "columns", "has_star"),
    [
        ("select count(*) from message_facts", {"message_facts"}, set(), False),
        (
            "select sender from message_facts where 'body' <> contact",
            {"message_facts"},
            {"sender", "contact"},
            False,
        ),
        ("select f.Body as text from Message_Facts f", {"message_facts"}, {"body"}, False),
        ("select a from x\njoin y using (b)", {"x", "y"}, {"a", "b"}, False),
        ("select a from x, y", {"x", "y"}, {"a"}, False),
        ("select * from x", {"x"}, set(), True),
        ("from x", {"x"}, set(), True),
        ("select x.* exclude (a) from x", {"x"}, {"*", "a"}, True),
        ("select columns(lambda name: name like 'b%') from x", {"x"}, set(), True),
        ("select 1 -- from x", set(), set(), False),
        (
            "select a from (select b as a from x where c in (select d from y)) z",
            {"x", "y"},
            {"a", "b", "c", "d"},
            False,
        ),
    ],
)
def test_what_a_query_reads(sql: str, tables: set[str], columns: set[str], has_star: bool) -> None:
    shape = query_shape(sql)
    assert shape is not None
    assert shape.tables == tables
    assert shape.has_star == has_star
    assert columns <= shape.columns
    if not has_star:
        assert shape == QueryShape(frozenset(tables), frozenset(columns))


def test_what_is_no_sql_has_no_shape() -> None:
    assert query_shape("select (from where") is None
    assert with_local_column("select (from where", "local_created") is None


def test_only_the_local_time_of_creation_is_replaced() -> None:
    sql = (
        "select 'timezone($timezone, date_created)' as text, "
        "extract(hour from timezone($timezone, date_created)) from x where date_created >= $since"
    )
    assert with_local_column(sql, "local_created") == LocalQuery(
        "SELECT 'timezone($timezone, date_created)' AS text, EXTRACT(HOUR FROM local_created) "
        "FROM x WHERE date_created >= $since",
        frozenset({"since"}),
    )
    assert with_local_column("select timezone($timezone, date_sent) from x", "local_created") is None


def test_the_parser_is_loaded_by_the_first_question_only() -> None:
    """A command that asks the lake itself does not wait for it."""
    code = "import sys, workbench.metrics, workbench.metrics.slices; print('sqlglot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
