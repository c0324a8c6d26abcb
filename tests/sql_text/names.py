"""What the names of a scope stand for, and so which expressions are source text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.sql_text.declared import (
    Comprehension,
    Context,
    Function,
    Module,
    callable_key,
    is_literal,
    parameters_of,
    simple_name,
)

#: Their result may stand in SQL whatever they are given: they quote it, or refuse what they do not know.
QUOTING = frozenset({"quoted", "identifier", "literal", "with_literals"})
#: Writes SQL of definitions back that was read as a tree.
REWRITING = frozenset({"write_known"})
#: Fields of metrics and dimensions: SQL of the source or of a file of the installation, never of a page.
_DEFINITIONS = frozenset({"expression", "numerator", "denominator", "rows", "source"})
#: Names of fields as the source declares them.
_FIELD_NAMES = frozenset({"_fields", "__dataclass_fields__"})
#: Safe where they are given safe text.
_PASSING = frozenset(
    {
        "MappingProxyType", "cast", "dedent", "dict", "enumerate", "format", "fromkeys", "frozenset",
        "get", "items", "join", "keys", "list", "lower", "removeprefix", "removesuffix", "replace",
        "reversed", "set", "sorted", "strip", "tuple", "values", "zip",
    }
)  # fmt: skip
#: Add what they are given to the list, set or dictionary that they are called on.
_ADDING = frozenset({"append", "extend", "add", "insert", "update", "setdefault"})
_NUMBERS = frozenset({"len", "int", "range", "sum"})


def scope_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, comprehension or module; of such scopes inside it only they themselves."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, Function | Comprehension):
            yield from scope_nodes(child)


class Names:
    """What the names of a scope stand for, and so which expressions are safe text."""

    def __init__(
        self,
        module: Module,
        context: Context,
        scopes: tuple[ast.AST, ...],
        asked: set[tuple[int, str]] | None = None,
    ) -> None:
        self.module, self.context, self.scopes = module, context, scopes
        self.asked = set() if asked is None else asked

    def unsafe_parts(self, node: ast.expr | None) -> list[ast.expr]:
        """The smallest parts of an expression that are not known to be source text."""
        if node is None or isinstance(node, ast.Constant):
            return []
        if isinstance(node, ast.Name):
            return [] if self._is_safe_name(node.id) else [node]
        if isinstance(node, ast.Attribute):
            known = self.context.declared.attributes | _DEFINITIONS | _FIELD_NAMES
            return [] if node.attr in known else [node]
        if isinstance(node, ast.Call):
            return self._unsafe_in_call(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            # What is in two sets is in the safe one.
            return min((self.unsafe_parts(side) for side in (node.left, node.right)), key=len)
        if isinstance(node, Comprehension):
            own = Names(self.module, self.context, (node, *self.scopes), self.asked)
            elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            return [part for element in elements for part in own.unsafe_parts(element)]
        inner = _inner(node)
        return (
            [node]
            if inner is None
            else [part for expression in inner for part in self.unsafe_parts(expression)]
        )

    def _unsafe_in_call(self, call: ast.Call) -> list[ast.expr]:
        name = simple_name(call.func)
        if (
            name in QUOTING | REWRITING | _NUMBERS
            or callable_key(self.module.file, name) in self.context.declared.results
        ):
            return []
        if name == "map" and simple_name(call.args[0]) in QUOTING:
            return []
        if name not in _PASSING:
            return [call]
        # Which key of a dictionary is asked for does not matter.
        arguments = call.args[1:] if name == "get" else call.args
        given = [*arguments, *(keyword.value for keyword in call.keywords)]
        if isinstance(call.func, ast.Attribute) and name != "fromkeys":
            given.append(call.func.value)
        return [part for argument in given for part in self.unsafe_parts(argument)]

    def _is_safe_name(self, name: str) -> bool:
        for scope in self.scopes:
            key = (id(scope), name)
            if key in self.asked:
                return True  # It is being looked at: its other sources decide.
            if isinstance(scope, Function):
                annotations = dict(parameters_of(scope))
                if name in annotations:
                    return is_literal(annotations[name])
            bound = list(_bindings(scope, name))
            if bound:
                self.asked.add(key)
                is_safe = not any(self.unsafe_parts(value) for value in bound)
                self.asked.discard(key)
                return is_safe
        return self._is_safe_import(name)

    def _is_safe_import(self, name: str) -> bool:
        path, _, original = self.module.imported.get(name, "::").partition(":")
        for file in (f"{path}.py", f"{path}/__init__.py"):
            module = self.context.modules.get(file)
            if module and original in module.constants:
                names = Names(module, self.context, (module.tree,))
                return not names.unsafe_parts(module.constants[original])
        return False


def _inner(node: ast.expr) -> list[ast.expr] | None:
    """The expressions whose text makes up the text of this one; None where nothing is known of it."""
    match node:
        case (
            ast.JoinedStr(values=values)
            | ast.List(elts=values)
            | ast.Tuple(elts=values)
            | ast.Set(elts=values)
        ):
            return values
        case ast.FormattedValue(value=value, format_spec=ast.JoinedStr(values=[ast.Constant(value=spec)])):
            return [] if str(spec).endswith("d") else [value]
        case ast.FormattedValue(value=value) | ast.Starred(value=value) | ast.Subscript(value=value):
            return [value]
        case ast.NamedExpr(value=value):
            return [value]
        case ast.BinOp(left=left, op=ast.Mult() | ast.Sub()):
            return [left]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.IfExp(body=body, orelse=other):
            return [body, other]
        case ast.BoolOp(values=values):
            return values
        case ast.Dict(keys=keys, values=values):
            return [*filter(None, keys), *values]
    return None


def _bindings(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """Every expression that a name of a scope takes its values from."""
    for node in scope_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _taken(target, node.value, name)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            yield from _taken(node.target, node.value, name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            for argument in node.args if node.func.attr in _ADDING else ():
                yield from _taken(node.func.value, argument, name)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            rows = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
            if rows and all(isinstance(row, ast.Tuple) for row in rows):
                for row in rows:
                    yield from _taken(node.target, row, name)
            else:
                yield from _taken(node.target, node.iter, name)


def _taken(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    """What a name gets of a value, member by member where both sides are tuples."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for member, own in zip(target.elts, value.elts, strict=True):
            yield from _taken(member, own, name)
    elif isinstance(target, ast.Subscript):
        yield from _taken(target.value, value, name)
    elif isinstance(target, ast.Name):
        if target.id == name:
            yield value
    elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
        for inner in ast.iter_child_nodes(target):
            if isinstance(inner, ast.expr):
                yield from _taken(inner, value, name)
