"""What the product imports is declared in pyproject.toml, whoever else brings the same package along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN = {"workbench", "dashboards", "notebooks"}


def imported_modules(source: str) -> set[str]:
    """The top-level names of all modules that a source imports, wherever the import stands."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    return modules - OWN - sys.stdlib_module_names


def normalized(name: str) -> str:
    """A distribution's name as registries compare it; a requirement's version is left out."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", name, maxsplit=1)[0]).lower()


def undeclared(
    modules: Iterable[str], declared: Iterable[str], distributions: Mapping[str, Sequence[str]]
) -> set[str]:
    """The modules that come from no declared distribution."""
    names = {normalized(name) for name in declared}
    return {
        module
        for module in modules
        if names.isdisjoint(normalized(name) for name in distributions.get(module, [module]))
    }


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    files = [path for folder in ("workbench", "dashboards") for path in (ROOT / folder).rglob("*.py")]
    modules = {path: imported_modules(path.read_text()) for path in files}
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    declared = [*project["dependencies"], *extras]
    missing = undeclared(set().union(*modules.values()), declared, packages_distributions())
    where = {
        name: [str(path.relative_to(ROOT)) for path in files if name in modules[path]] for name in missing
    }
    assert where == {}, "declare these in pyproject.toml, with a comment that says what for"


def test_an_undeclared_import_is_found() -> None:
    source = "import os, zmq.asyncio\nfrom . import near\ndef f():\n    from yaml.loader import Loader\n"
    assert imported_modules(source) == {"zmq", "yaml"}
    distributions = {"zmq": ["pyzmq"], "yaml": ["PyYAML"]}
    assert (
        undeclared({"zmq", "yaml"}, ["pyzmq>=27", "pyyaml[fast] >= 6 ; python_version > '3'"], distributions)
        == set()
    )
    assert undeclared({"zmq", "yaml", "lost"}, ["zmq", "PyYaml"], distributions) == {"zmq", "lost"}
