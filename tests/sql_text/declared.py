"""What files declare as `LiteralString`, and their constants and imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass
class Module:
    """One file: its tree, and what its names stand for."""

    file: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


@dataclass
class Declared:
    """What the whole tree declares as `LiteralString`, by simple name."""

    parameters: dict[tuple[str, str], list[dict[str, int]]] = field(default_factory=dict)
    """By file and name; a public function has no file, since it may be called from anywhere."""
    methods: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    results: set[tuple[str, str]] = field(default_factory=set)
    """By file and name too. Of several functions of one name all must be declared."""


@dataclass
class Context:
    """All files of a check, and what they declare."""

    modules: Mapping[str, Module]
    declared: Declared


def read_context(sources: Mapping[str, str]) -> Context:
    """The files of a check, from their texts by name."""
    modules = {file: read_module(file, source) for file, source in sources.items()}
    return Context(modules, read_declared(modules.values()))


def read_module(file: str, source: str) -> Module:
    module = Module(file, ast.parse(source))
    for node in module.tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    module.constants[target.id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            module.constants[node.target.id] = node.value
    for statement in ast.walk(module.tree):
        if isinstance(statement, ast.ImportFrom) and statement.module:
            path = statement.module.replace(".", "/")
            module.imported |= {
                alias.asname or alias.name: f"{path}:{alias.name}" for alias in statement.names
            }
    return module


def read_declared(modules: Iterable[Module]) -> Declared:
    declared = Declared()
    results: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for file, node in ((module.file, node) for module in modules for node in ast.walk(module.tree)):
        if isinstance(node, Function):
            is_property = any(simple_name(decorator) == "property" for decorator in node.decorator_list)
            if is_property and is_literal(node.returns):
                declared.attributes.add(node.name)
            results[callable_key(file, node.name)].append(is_literal(node.returns))
            _declare(declared, file, node.name, parameters_of(node))
        elif isinstance(node, ast.ClassDef):
            declared.methods |= {member.name for member in node.body if isinstance(member, Function)}
            fields = [member for member in node.body if isinstance(member, ast.AnnAssign)]
            names = [
                (member.target.id, member.annotation)
                for member in fields
                if isinstance(member.target, ast.Name)
            ]
            declared.attributes |= {name for name, annotation in names if is_literal(annotation)}
            _declare(declared, file, node.name, names)
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Attribute)
            and is_literal(node.annotation)
        ):
            declared.attributes.add(node.target.attr)
    declared.results = {key for key, are_literal in results.items() if all(are_literal)}
    return declared


def _declare(
    declared: Declared, file: str, name: str, parameters: Sequence[tuple[str, ast.expr | None]]
) -> None:
    literal = {
        parameter: at for at, (parameter, annotation) in enumerate(parameters) if is_literal(annotation)
    }
    if literal:
        declared.parameters.setdefault(callable_key(file, name), []).append(literal)


def callable_key(file: str, name: str) -> tuple[str, str]:
    return (file if name.startswith("_") else "", name)


def parameters_of(function: Function) -> list[tuple[str, ast.expr | None]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if positional and positional[0].arg in ("self", "cls"):
        positional = positional[1:]
    return [(argument.arg, argument.annotation) for argument in [*positional, *arguments.kwonlyargs]]


def is_literal(annotation: ast.expr | None) -> bool:
    return annotation is not None and "LiteralString" in ast.unparse(annotation)


def simple_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
