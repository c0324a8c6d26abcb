"""The house's own rules: names that mean one thing, short functions, rooms that say what they are for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FUNCTION = 60
SHORTEST_DESCRIPTION = 40
#: They do not say what a variable holds.
EMPTY_NAMES = frozenset({"found", "one", "held"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_trees() -> dict[Path, ast.Module]:
    files = [path for folder in ("workbench", "dashboards") for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path.relative_to(ROOT): ast.parse(path.read_text()) for path in files}


TREES = read_trees()


def class_names(tree: ast.AST) -> list[str]:
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def function_lines(function: Function) -> int:
    """How many lines a function has, from its name to its end, its docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0)


def empty_names(tree: ast.AST) -> Iterator[str]:
    """Every place that gives a value one of these names: assignments, loops, parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in EMPTY_NAMES:
            yield node.id
        elif isinstance(node, ast.arg) and node.arg in EMPTY_NAMES:
            yield node.arg


def test_a_class_name_means_one_thing() -> None:
    files: dict[str, list[str]] = {}
    for path, tree in TREES.items():
        for name in class_names(tree):
            files.setdefault(name, []).append(str(path))
    assert {name: places for name, places in files.items() if len(places) > 1} == {}


def test_no_function_is_long() -> None:
    functions = [
        (f"{path}:{node.lineno} {node.name}", function_lines(node))
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]
    assert len(functions) > 1_000
    assert [function for function in functions if function[1] > LONGEST_FUNCTION] == []


def test_every_room_says_what_it_is_for() -> None:
    rooms = {path: ast.get_docstring(tree) for path, tree in TREES.items() if path.name == "__init__.py"}
    assert len(rooms) > 20
    short = [str(path) for path, text in rooms.items() if text is None or len(text) < SHORTEST_DESCRIPTION]
    assert short == []
    packages = {path.parent for path in TREES if path.parts[0] == "workbench"}
    assert packages - {path.parent for path in rooms} == set()


def test_a_variable_says_what_it_holds() -> None:
    places = [f"{path}: {name}" for path, tree in TREES.items() for name in empty_names(tree)]
    assert places == [], "say what the value is"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("found = 1", ["found"]),
        ("for one in rows: pass", ["one"]),
        ("[one for one in rows]", ["one"]),
        ("if (held := read()): pass", ["held"]),
        ("found, other = pair", ["found"]),
        ("with open(path) as found: pass", ["found"]),
        ("def f(one, *, held=1): pass", ["one", "held"]),
        ("lambda one: one", ["one"]),
        ("found_days = one_of(rows); print(rows.found)", []),
    ],
)
def test_an_empty_name_is_found(source: str, names: list[str]) -> None:
    assert sorted(empty_names(ast.parse(source))) == sorted(names)


def test_lines_are_counted_without_the_docstring() -> None:
    source = 'def f(\n    a,\n):\n    """One.\n\n    Two.\n    """\n    return a\n'
    (function,) = ast.parse(source).body
    assert isinstance(function, Function)
    assert function_lines(function) == 4
