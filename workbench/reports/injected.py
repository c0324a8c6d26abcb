"""Checks what papermill put into a report's notebook, also where somebody runs papermill on it directly.

papermill itself takes any name: a misspelt one would make the default report, without a remark. Pure.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any

from workbench.errors import UnknownName, UsageError
from workbench.reports.parameters import check_parameters, read_parameters

#: The first line of the cell that papermill writes below the parameters.
_INJECTED = "# Parameters"


def check_injected(cells: Sequence[str]) -> None:
    """Check the values that papermill gave, by the cells that ran so far.

    Raises:
        UnknownName: a parameter that the notebook does not have; the message names the nearest.
        UsageError: a value that is not allowed.
    """
    places = [number for number, cell in enumerate(cells) if cell.lstrip().startswith(_INJECTED)]
    if not places or not places[-1]:
        return
    declared = read_parameters(cells[places[-1] - 1], "this notebook")
    try:
        check_parameters(declared, _assigned(cells[places[-1]]))
    except UnknownName:
        raise
    except UsageError as error:
        raise UsageError(
            f"{error} (papermill makes a number of what looks like one: -r instead of -p leaves it a text.)"
        ) from error


def executed_cells() -> list[str]:
    """The cells that ran so far in this kernel; none outside of one."""
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return list(shell.user_ns.get("In", ())) if shell else []


def _assigned(cell: str) -> dict[str, Any]:
    """The values by name; what is no literal, as a not-a-number, as its text."""
    values: dict[str, Any] = {}
    for node in ast.parse(cell).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                values[node.targets[0].id] = ast.unparse(node.value)
    return values
