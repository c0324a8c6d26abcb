"""No module needs, even indirectly, a module that needs it: each can be read and tested before its users."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

#: Circles that are still there. This list must become empty.
KNOWN_CIRCLES: list[set[str]] = []


def imports_of(package: str) -> dict[str, set[str]]:
    """What each module imports, also inside functions, but not for the type checker alone."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Modules that reach each other, in groups (the strongly connected components of more than one)."""
    reached = {module: _reached_from(module, imports) for module in imports}
    groups = {frozenset(other for other in reached[module] if module in reached[other]) for module in imports}
    return sorted((set(group) for group in groups if group), key=sorted)


def _reached_from(module: str, imports: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        new = imports[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def test_no_module_is_in_a_circle() -> None:
    imports = imports_of("workbench")
    assert "workbench.lake.connect" in imports["workbench.lake.opening"]
    assert [circle for circle in circles(imports) if circle not in KNOWN_CIRCLES] == []


def test_a_circle_is_found_wherever_its_imports_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "__init__": "",
        "a": "from some_package import b",
        "b": "from some_package.c import x",
        "c": "def x():\n    from some_package.a import y",
        "d": "from some_package import a, e",
        "e": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from some_package import d",
    }
    (tmp_path / "some_package").mkdir()
    for name, text in files.items():
        (tmp_path / "some_package" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert circles(imports_of("some_package")) == [{"some_package.a", "some_package.b", "some_package.c"}]
