"""The public calls of the notebook API, found in the classes themselves."""

from __future__ import annotations

import ast
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbench import Workbench
from workbench.api.conversation import OpenConversation
from workbench.api.metrics import Dimensions, Metrics
from workbench.api.namespace import Namespace

Call = Callable[..., Any]

NAMESPACES: dict[str, type] = {
    name: type(value)
    for name, value in vars(Workbench()).items()
    if isinstance(value, Namespace | Metrics | Dimensions)
}
"""Each by its word, as Workbench() has it."""


def public_calls() -> dict[str, Call]:
    """Every call by its words: ``consent blocked``, ``sync``, ``sync import_files``."""
    calls = dict(_calls_of(Workbench))
    for word, kind in NAMESPACES.items():
        calls |= {f"{word} {name}".strip(): call for name, call in _calls_of(kind)}
    return calls


def conversation_calls() -> dict[str, Call]:
    """Those of what ``wb.conversation(…)`` gives."""
    return {f"conversation {name}": call for name, call in _calls_of(OpenConversation)}


def _calls_of(kind: type) -> Iterator[tuple[str, Call]]:
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if name == "__call__":
            yield "", member
        elif not name.startswith("_"):
            yield name, member


def type_hints(call: Call) -> dict[str, Any]:
    """The annotations of a call as types, also those that only a type checker imports."""
    module = sys.modules[call.__module__]
    return typing.get_type_hints(call, {**vars(module), **_checked_imports(module)})


def _checked_imports(module: types.ModuleType) -> dict[str, Any]:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    names = dict(vars(module))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module.__name__, "exec"), names)
    return names


def classes_of(hint: Any) -> set[type]:
    """Our classes in an annotation, however deep."""
    parts = hint if isinstance(hint, list) else typing.get_args(hint)
    inner = set().union(*map(classes_of, parts))
    is_ours = isinstance(hint, type) and hint.__module__.split(".")[0] == "workbench"
    return inner | ({hint} if is_ours else set())
