"""Checks every text with the shape of SQL, and what is given to whatever is declared as `LiteralString`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.sql_text.declared import (
    Comprehension,
    Context,
    Function,
    Module,
    callable_key,
    is_literal,
    read_context,
    simple_name,
)
from tests.sql_text.names import QUOTING, Names, scope_nodes

#: Makes SQL of definitions and their names, and of nothing else; the quoting itself; and the engine that
#: tries definitions of the users' own, which holds no row and opens no file.
_COMPILERS = frozenset(
    {"workbench/metrics/compile.py", "workbench/lake/quoting.py", "workbench/lake/empty_lake.py"}
)
_STATEMENT = re.compile(
    r"^\s*(with\s+\w+\s+as\b|select\b|insert\s+into\b|delete\s+from\b|update\s+\S+\s+set\b|merge\s+into\b"
    r"|(create|alter|drop)\s+(or\s+replace\s+|temp\s+|temporary\s+)*(table|view|schema|macro|secret)\b"
    r"|attach\b|copy\s+\(?\S+.*\bto\b|use\s+\S+\s*$|load\s+\S+\s*$|set\s+(variable\s+)?\w+\s*=|pragma\b"
    r"|from\s+\S+\s+(where|order|limit|select)\b)"
    r"|\b(where|and|or|on)\s+\(?[\w.{}()]+\s*(=|<>|<=?|>=?|in\s*\(|is\s+(not\s+)?null|like\b|ilike\b)"
    r"|\bgroup\s+by\b|\border\s+by\b|\bpartition\s+by\b|\bfilter\s*\(",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class UnsafePart:
    """A part of SQL text that may hold what somebody typed."""

    file: str
    line: int
    part: str


def find_unsafe_sql(sources: Mapping[str, str]) -> list[UnsafePart]:
    """Every unsafe part of SQL text in some sources, by file name."""
    context = read_context(sources)
    checks = [Check(module, context) for module in context.modules.values() if module.file not in _COMPILERS]
    return sorted({part for check in checks for part in check.run()}, key=lambda part: (part.file, part.line))


class Check:
    """One module against what all of them declare."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module, self.context, self.declared = module, context, context.declared
        self.unsafe: set[UnsafePart] = set()

    def run(self) -> set[UnsafePart]:
        for scopes in self._scopes(self.module.tree, ()):
            self._check_scope(scopes)
        return self.unsafe

    def _scopes(self, scope: ast.AST, outer: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, ...]]:
        """Each scope, innermost first: the module, its functions, and the comprehensions in them."""
        scopes = (scope, *outer)
        yield scopes
        inner = list(ast.iter_child_nodes(scope))
        while inner:
            node = inner.pop()
            if isinstance(node, Function | Comprehension):
                yield from self._scopes(node, scopes)
            else:
                inner += ast.iter_child_nodes(node)

    def _check_scope(self, scopes: tuple[ast.AST, ...]) -> None:
        names = Names(self.module, self.context, scopes)
        for node in scope_nodes(scopes[0]):
            if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) and _looks_like_sql(node):
                self._require(names, node)
            if isinstance(node, ast.Call):
                self._check_call(names, node)
            elif (
                isinstance(node, ast.Return)
                and isinstance(scopes[0], Function)
                and is_literal(scopes[0].returns)
            ):
                self._require(names, node.value)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for attribute, value in _assigned_attributes(targets, node.value):
                    if attribute in self.declared.attributes:
                        self._require(names, value)

    def _check_call(self, names: Names, call: ast.Call) -> None:
        name = simple_name(call.func)
        if name in QUOTING or (self._is_method_call(call.func) and name not in self.declared.methods):
            return
        for parameters in self.declared.parameters.get(callable_key(self.module.file, name), []):
            for parameter, at in parameters.items():
                given = [keyword.value for keyword in call.keywords if keyword.arg == parameter]
                given += call.args[at : at + 1]
                for argument in given:
                    self._require(names, argument)

    def _is_method_call(self, function: ast.expr) -> bool:
        if not isinstance(function, ast.Attribute):
            return False
        return not (isinstance(function.value, ast.Name) and function.value.id in self.module.imported)

    def _require(self, names: Names, text: ast.expr | None) -> None:
        for part in names.unsafe_parts(text):
            self.unsafe.add(UnsafePart(self.module.file, part.lineno, ast.unparse(part)))


def _assigned_attributes(
    targets: Iterable[ast.expr], value: ast.expr | None
) -> Iterator[tuple[str, ast.expr | None]]:
    """The attributes that an assignment sets, each with what it is set to."""
    for target in targets:
        if isinstance(target, ast.Attribute):
            yield target.attr, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for member, own in zip(target.elts, value.elts, strict=True):
                yield from _assigned_attributes([member], own)
        elif isinstance(target, ast.Tuple):
            yield from _assigned_attributes(target.elts, value)


def _looks_like_sql(node: ast.expr) -> bool:
    """Whether literals are composed to something with the shape of SQL."""
    if isinstance(node, ast.Call) and not (
        isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    ):
        return False
    return bool(_STATEMENT.search(_literal_text(node)))


def _literal_text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "{}"
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _literal_text(node.left) + _literal_text(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _literal_text(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _literal_text(node.func.value)
    return "{}"
