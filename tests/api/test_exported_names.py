"""What a user can catch or receive is importable from `workbench`, and importing that stays light."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import workbench
from tests.api.surface import classes_of, conversation_calls, public_calls, type_hints
from workbench import WorkbenchError

#: Errors that no call raises: they are handled where they occur, or belong to a server or a test account.
INTERNAL_ERRORS = {
    "Malformed",  # a webhook's form, answered with 400
    "MalformedMessage",  # set aside in quarantined_rows
    "MalformedRow",  # set aside in quarantined_rows
    "DamagedFile",  # one line of an import's summary
    "ApiProblem",  # a request of a program, answered with its status
    "NoToken",  # a request of a program, answered with 401
    "SpoolFull",  # a webhook, answered with 503
    "FeedForgotten",  # a consumer of the feed, which skips what was deleted
    "StoreClosed",  # a page whose server ends
    "ViewMailFailed",  # a job of the schedule, which notes it
}


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert workbench.__all__ == sorted(workbench.__all__)
    for name in workbench.__all__:
        assert getattr(workbench, name).__name__ == name
    assert set(workbench.__all__) <= set(dir(workbench))
    assert not hasattr(workbench, "Workbnech")


def test_the_lazy_names_are_those_that_a_type_checker_sees() -> None:
    tree = ast.parse(Path(workbench.__file__).read_text(encoding="utf-8"))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imports == workbench._MODULES


def test_what_calls_give_and_tell_is_exported() -> None:
    """By the annotations of the calls themselves: what they return, and what they hand to a callback."""
    received = {
        kind
        for call in [*public_calls().values(), *conversation_calls().values()]
        for name, hint in type_hints(call).items()
        if name == "return" or name.startswith("on_")
        for kind in classes_of(hint)
    }
    assert {"SendResult", "SyncSummary", "ReportRun", "Removal"} <= {kind.__name__ for kind in received}
    missing = {kind.__name__ for kind in received if getattr(workbench, kind.__name__, None) is not kind}
    assert missing == set()


def test_every_error_that_can_be_caught_is_exported() -> None:
    for module in pkgutil.walk_packages(workbench.__path__, "workbench."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    errors, below = set(), [WorkbenchError]
    while below:
        error = below.pop()
        errors.add(error)
        below += error.__subclasses__()
    ours = {error.__name__ for error in errors if error.__module__.startswith("workbench.")}
    assert ours >= INTERNAL_ERRORS
    assert ours - INTERNAL_ERRORS - set(workbench.__all__) == set()


def test_importing_the_package_or_making_a_workbench_loads_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys, workbench
light = set(sys.modules)
lazy = {module for module in workbench._MODULES.values()} & light
assert not lazy, lazy
assert not {name for name in light if name.startswith("workbench.api.")} - {
    "workbench.api.installation", "workbench.api.periods", "workbench.api.workbench"}
wb = workbench.Workbench()
heavy = {"pandas", "duckdb", "httpx", "pyarrow", "panel", "twilio", "plotly", "tornado", "jinja2"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert callable(workbench.count_segments)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"WORKBENCH_HOME": str(tmp_path / "home")}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
