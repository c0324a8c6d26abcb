"""Reads the templates of an installation: one TOML file each, in the folder `templates` of its home."""

from __future__ import annotations

import tomllib
from pathlib import Path

from workbench.errors import UnknownName, UsageError
from workbench.messaging.templates import Template, read_template

FOLDER = "templates"


def read_templates(home: Path) -> tuple[list[Template], list[str]]:
    """All templates by name, and one sentence about each file that is none."""
    templates, problems = [], []
    for path in sorted((home / FOLDER).glob("*.toml")):
        try:
            templates.append(_read(path))
        except UsageError as error:
            problems.append(str(error))
    return templates, problems


def find_template(home: Path, name: str) -> Template:
    """The template of that name.

    Raises:
        UnknownName: there is none.
        UsageError: its file is wrong.
    """
    # Looked up among the existing files, so that a name never leads out of the folder.
    for path in (home / FOLDER).glob("*.toml"):
        if path.stem == name:
            return _read(path)
    raise UnknownName("template", name, (path.stem for path in (home / FOLDER).glob("*.toml")))


def _read(path: Path) -> Template:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    return read_template(path.stem, data)
