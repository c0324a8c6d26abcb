"""Finds SQL that is composed of anything but source text: the check behind ``tests/test_sql_text.py``.

`LiteralString` (PEP 675) is the type of text that stands in the source. mypy takes it for `str`, so the check
reads the syntax trees itself. A part of SQL text is safe when it is

- a literal, or a constant made of literals;
- a parameter, attribute or result that is declared as `LiteralString`: every call, assignment and return that
  gives it something is checked in turn;
- what a quoting function returns;
- an expression of a definition (a metric, a dimension, an audit), which is SQL by its nature;
- composed of such parts.

Everything else is a value, and belongs into the parameters of the query.
"""

from tests.sql_text.check import UnsafePart, find_unsafe_sql

__all__ = ["UnsafePart", "find_unsafe_sql"]
