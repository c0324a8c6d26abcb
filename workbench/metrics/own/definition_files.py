"""Reads the metrics and dimensions of a home: TOML files with sections `[metrics.NAME]`, `[dimensions.NAME]`.

What is wrong with one definition is said with its file and line, and stops no other one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.lake.empty_lake import EmptyLake
from workbench.metrics.definitions.model import Dimension, Metric
from workbench.metrics.own.definition_entries import (
    InvalidDefinition,
    check_definition_name,
    read_dimension,
    read_metric,
)
from workbench.own_files import METRICS as FOLDER
from workbench.own_files import check_name, list_own_files, read_own_file
from workbench.settings.lines import line_numbers


@dataclass(frozen=True)
class OwnDefinitions:
    """What the files of a home define, and one sentence for each thing that is wrong."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names whose definition is wrong, with the sentence that says why."""


def read_definitions(home: Path, built_in: Callable[[str], str | None]) -> OwnDefinitions:
    """Everything that the files of a home define; nothing wrong in them is raised.

    Args:
        built_in: says what a name already is, as "a metric of the product"; None where it is free.
    """
    paths = list_own_files(home, FOLDER)
    if not paths:
        return OwnDefinitions()
    reading = _DefinitionReader(built_in)
    with EmptyLake() as empty:
        for path in paths:
            reading.read(home, path, empty)
    return OwnDefinitions(reading.metrics, reading.dimensions, tuple(reading.problems), reading.refused)


class _DefinitionReader:
    """The definitions of all files so far."""

    def __init__(self, built_in: Callable[[str], str | None]) -> None:
        self._built_in = built_in
        self._files: dict[str, Path] = {}
        self.metrics: dict[str, Metric] = {}
        self.dimensions: dict[str, Dimension] = {}
        self.problems: list[str] = []
        self.refused: dict[str, str] = {}

    def read(self, home: Path, path: Path, empty: EmptyLake) -> None:
        try:
            check_name(FOLDER, path.stem, shown=path)
            text = read_own_file(home, path).replace("\r\n", "\n")
            content = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            # Not only what the parser calls an error: also a number with thousands of digits.
            self.problems.append(f"{path} is not valid TOML: {error}. Correct that line.")
            return
        except WorkbenchError as error:
            self.problems.append(str(error))
            return
        lines = line_numbers(text)
        for section, name, entry in self._entries(path, content):
            try:
                self._take(path, section, name, entry, empty)
            except InvalidDefinition as error:
                line = lines.get((section, name, error.key)) or lines.get((section, name))
                where = f"{path}, line {line}" if line else str(path)
                self._refuse(name, f"{where}: {section[:-1]} {name} {error}")

    def _entries(self, path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
        for section, entries in content.items():
            if section not in ("metrics", "dimensions") or not isinstance(entries, dict):
                self.problems.append(
                    f"{path} holds {section!r}; allowed are sections [metrics.NAME] and [dimensions.NAME]."
                )
                continue
            yield from ((section, name, entry) for name, entry in entries.items())
        if not content:
            self.problems.append(
                f"{path} defines nothing; write a section [metrics.NAME] or [dimensions.NAME], as "
                "`workbench new metric NAME` does."
            )

    def _take(self, path: Path, section: str, name: str, entry: Any, empty: EmptyLake) -> None:
        self._require_free(name)
        if not isinstance(entry, dict):
            raise InvalidDefinition(f"is {entry!r}; write a section [{section}.{name}].")
        if section == "metrics":
            self.metrics[name] = read_metric(name, entry, empty)
        else:
            self.dimensions[name] = read_dimension(name, entry, empty)
        self._files[name] = path

    def _require_free(self, name: str) -> None:
        known = self._built_in(name)
        if not known and name in self._files:
            known = f"defined in {self._files[name]}"
        if known:
            raise InvalidDefinition(f"cannot have this name, it is {known}; choose another one.")
        check_definition_name(name)

    def _refuse(self, name: str, problem: str) -> None:
        self.problems.append(problem)
        self.refused[name] = problem
