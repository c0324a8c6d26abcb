"""Puts the definitions of a home beside the built-in ones, for this process.

A home's files are read once; :func:`look_again` reads them anew when one of them changed since.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from workbench.metrics.definitions import DIMENSIONS, METRICS
from workbench.metrics.own.definition_files import OwnDefinitions, read_definitions
from workbench.own_files import METRICS as FOLDER
from workbench.own_files import own_file_versions

log = logging.getLogger(__name__)

_read: dict[Path, tuple[object, OwnDefinitions]] = {}
_said: set[str] = set()
_lock = threading.Lock()


def use_own_metrics(home: Path, *, quiet: bool = False) -> OwnDefinitions:
    """Make the metrics and dimensions of a home known by name in this process.

    What is wrong in its files is logged as a notice, once, and is in the result; the built-in definitions go
    on.

    Args:
        quiet: somebody else says what is wrong.
    """
    with _lock:
        if home not in _read:
            _read[home] = own_file_versions(home, FOLDER), _read_files(home)
        definitions = _read[home][1]
        METRICS.put_beside(definitions.metrics, definitions.refused)
        DIMENSIONS.put_beside(definitions.dimensions, definitions.refused)
    if not quiet:
        for problem in definitions.problems:
            if problem not in _said:
                _said.add(problem)
                log.warning("Notice: %s", problem)
    return definitions


def look_again(home: Path) -> bool:
    """As :func:`use_own_metrics`, reading files again that changed since; whether any did."""
    with _lock:
        has_changed = home in _read and _read[home][0] != own_file_versions(home, FOLDER)
        if has_changed:
            del _read[home]
    use_own_metrics(home)
    return has_changed


def _read_files(home: Path) -> OwnDefinitions:
    return read_definitions(home, _built_in)


def _built_in(name: str) -> str | None:
    if name in METRICS.built_in:
        return "a built-in metric"
    return "a built-in dimension" if name in DIMENSIONS.built_in else None
