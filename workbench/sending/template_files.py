"""Reads and writes the templates of an installation: TOML files in the folder `templates` of its home."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import UnknownName, UsageError
from workbench.lake.fleet.shared_files import change_files
from workbench.messaging.templates import Template, read_template
from workbench.own_files import TEMPLATES, check_name

FOLDER = "templates"
_LOCK_FILE = "templates.lock"


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


def save_template(home: Path, template: Template) -> None:
    """Write a template with a text as its file; what stands in comments before its first key is kept.

    Raises:
        UsageError: the name or a value is not allowed, or another template has the shortcut.
    """
    check_name(TEMPLATES, template.name)
    entries = {
        "title": template.title, "shortcut": template.shortcut, "tags": list(template.tags),
        "language": template.language, "business_name": template.business_name,
        "opt_out_line": template.opt_out_line, "body": template.body,
    }  # fmt: skip
    written = {key: value for key, value in entries.items() if value}
    read_template(template.name, written)
    with change_files(home, _LOCK_FILE) as changes:
        for other in read_templates(home)[0]:
            if template.shortcut and other.shortcut == template.shortcut and other.name != template.name:
                raise UsageError(
                    f"The shortcut /{template.shortcut} is that of {other.name!r}; choose another."
                )
        path = home / FOLDER / f"{template.name}.toml"
        changes.write(path, _comments(path) + _toml(written))


def remove_template(home: Path, name: str) -> None:
    """Remove the file of a template.

    Raises:
        UnknownName: there is none.
    """
    with change_files(home, _LOCK_FILE) as changes:
        find_template(home, name)
        changes.remove(home / FOLDER / f"{name}.toml")


def _toml(entries: Mapping[str, Any]) -> str:
    # What JSON writes of a text, a list of texts and true is TOML, too, but for this one character.
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
        for key, value in entries.items()
    )


def _comments(path: Path) -> str:
    """The lines before the first key of a file, which are comments or empty."""
    if not path.exists():
        return ""
    head = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            break
        head.append(line + "\n")
    return "".join(head)


def _read(path: Path) -> Template:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    return read_template(path.stem, data)
