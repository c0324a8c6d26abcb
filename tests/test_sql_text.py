"""SQL is composed of source text only; whatever somebody may have typed is a parameter of the query."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sql_text import UnsafePart, find_unsafe_sql

ROOT = Path(__file__).parents[1]

#: Each with the part that must be found; the line is that of the part.
BAD = {
    "f-string": ("def f(c, name):\n    c.execute(f\"select * from t where name = '{name}'\")\n", "name"),
    "plus": ("def f(c, name):\n    c.execute(\"delete from t where name = '\" + name + \"'\")\n", "name"),
    "percent": ("def f(c, name):\n    c.execute(\"select * from t where name = '%s'\" % name)\n", "name"),
    "format": ("def f(c, name):\n    c.execute('drop table {}'.format(name))\n", "name"),
    "a clause only": ("def f(name):\n    return f\"x and name = '{name}'\"\n", "name"),
    "an attribute": ("def f(c, row):\n    c.execute(f'select {row.body} from t')\n", "row.body"),
    "a call": ("def f(c):\n    c.execute(f\"select '{input()}' from t\")\n", "input()"),
    "a local variable": (
        "def f(c, name):\n    where = f\"name = '{name}'\"\n"
        "    c.execute('select 1 from t where ' + where)\n",
        "where",
    ),
    "the second value of a variable": (
        "def f(c, name):\n    where = 'true'\n    if name:\n        where = name\n"
        "    c.execute(f'select 1 from t where {where}')\n",
        "where",
    ),
    "joined": ("def f(c, names):\n    c.execute(f\"select {', '.join(names)} from t\")\n", "names"),
    "a loop": ("def f(c, names):\n    for name in names:\n        c.execute(f'drop table {name}')\n", "name"),
    "added to a list": (
        "def f(c, name):\n    parts = ['a = 1']\n    parts.append(f\"b = '{name}'\")\n"
        "    c.execute('select 1 from t where ' + ' and '.join(parts))\n",
        "parts",
    ),
    "set in a dictionary": (
        "def f(c, name):\n    parts = {}\n    parts['a'] = name\n"
        "    c.execute(f\"drop table {parts['a']}\")\n",
        "parts",
    ),
    "a lambda": ("def f(c):\n    return lambda name: c.execute(f'drop table {name}')\n", "name"),
    "what a function is given": (
        "def g(c, table: LiteralString):\n    c.execute(f'select * from {table}')\n"
        "def f(c, name):\n    g(c, name)\n",
        "name",
    ),
    "what a function is given by name": (
        "def g(c, *, table: LiteralString):\n    c.execute(f'select * from {table}')\n"
        "def f(c, name):\n    g(c, table=name)\n",
        "name",
    ),
    "what a function returns": (
        "def g(name) -> LiteralString:\n    return name\n"
        "def f(c, name):\n    c.execute(f'drop table {g(name)}')\n",
        "name",
    ),
    "what another function of the same name returns": (
        "class A:\n    def g(self) -> LiteralString:\n        return 't'\n"
        "class B:\n    def g(self):\n        return input()\n"
        "def f(c, b):\n    c.execute(f'drop table {b.g()}')\n",
        "b.g()",
    ),
    "what an attribute is set to": (
        "class A:\n    def __init__(self, name):\n        self.table: LiteralString = name\n", "name",
    ),
    "what an attribute is set to later": (
        "class A:\n    table: LiteralString\n"
        "    def f(self, name):\n        self.table, self.x = name, 1\n",
        "name",
    ),
    "what a structure is given": (
        "@dataclass\nclass A:\n    table: LiteralString\ndef f(name):\n    return A(table=name)\n", "name",
    ),
    "a shadowed constant": ("T = 't'\ndef f(c, T):\n    c.execute(f'drop table {T}')\n", "T"),
    "a constant from elsewhere": (
        "import os\nT = os.environ['T']\ndef f(c):\n    c.execute(f'drop table {T}')\n", "T",
    ),
    "a name from another module": (
        "from workbench.b import T\ndef f(c):\n    c.execute(f'drop table {T}')\n", "T",
    ),
}  # fmt: skip

GOOD = {
    "a parameter of the query": (
        "def f(c, name):\n    c.execute('select * from t where name = ?', [name])\n"
    ),
    "a constant": "T = 't'\ndef f(c):\n    c.execute(f'drop table {T}')\n",
    "one of two constants": (
        "def f(c, x):\n    c.execute(f\"select 1 from t order by a {'asc' if x else 'desc'}\")\n"
    ),
    "a quoted name": (
        "def f(c, name):\n    c.execute(f'drop table {identifier(name)}')\n"
    ),
    "a whole number": (
        "def f(c, n):\n    c.execute(f'select * from t limit {n:d} where a = {len(n)}')\n"
    ),
    "question marks": (
        "def f(c, row):\n    c.execute(f\"insert into t values ({', '.join('?' for _ in row)})\", row)\n"
    ),
    "a table of constants": (
        "K = {'a': 'x = 1'}\ndef f(c, key):\n    c.execute(f'select 1 from t where {K[key]}')\n"
    ),
    "declared and kept": (
        "def g(table: LiteralString) -> LiteralString:\n    return f'select * from {table}'\n"
        "def f(c):\n    for table in ('a', 'b'):\n        c.execute(g(table) + ' where a = 1')\n"
    ),
    "a sentence": (
        "def f(name):\n"
        "    return f'The message from {name} was not sent; select another or update {name}.'\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("sample", BAD)
def test_what_somebody_typed_is_found(sample: str) -> None:
    source, part = BAD[sample]
    other = "import os\nT = os.environ['T']\n"
    found = find_unsafe_sql({"workbench/a.py": source, "workbench/b.py": other})
    assert {unsafe.part for unsafe in found} == {part}
    assert {unsafe.file for unsafe in found} == {"workbench/a.py"}


@pytest.mark.parametrize("sample", GOOD)
def test_source_text_may_be_composed(sample: str) -> None:
    assert find_unsafe_sql({"workbench/a.py": GOOD[sample]}) == []


def test_the_product_composes_sql_of_source_text_only() -> None:
    files = [path for folder in ("workbench", "dashboards") for path in (ROOT / folder).rglob("*.py")]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in files}
    unsafe: list[UnsafePart] = find_unsafe_sql(sources)
    assert unsafe == [], (
        "pass it as a parameter, quote it (workbench/lake/quoting.py), or declare LiteralString"
    )
