"""The command line: each command parses, calls one function, prints.

stdout is data, stderr is everything else. Exit codes: 0 done, 1 failed, 2 wrong use or configuration,
3 try again, 130 interrupted. One module for each kind of work, found by itself; heavy imports load inside the
commands, so that ``--help`` is instant.
"""

from __future__ import annotations

import importlib
import pkgutil

from workbench.cli.group import main

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["main"]
