"""Reads the two files of settings: their content, and the line of each name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import ConfigError
from workbench.private_files import require_private
from workbench.settings.declare import Place
from workbench.settings.lines import line_numbers


class TomlFile(NamedTuple):
    """The content of a file; empty if the file does not exist."""

    path: Path
    text: str
    content: Mapping[str, Any]

    def where(self, place: Place) -> str:
        """The file and, if known, the line, for messages."""
        number = line_numbers(self.text).get(place) if place else None
        return f"{self.path}, line {number}" if number else str(self.path)


def read_toml(path: Path) -> TomlFile:
    """Read a file of settings.

    Raises:
        ConfigError: the file is not TOML, or cannot be read.
    """
    try:
        text = path.read_bytes().decode().replace("\r\n", "\n")
        return TomlFile(path, text, tomllib.loads(text))
    except FileNotFoundError:
        return TomlFile(path, "", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Correct that line and run again.") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def read_private_toml(path: Path) -> TomlFile:
    """As :func:`read_toml`, for a file that must be readable by its owner only.

    Raises:
        ConfigError: other users can read it.
    """
    if path.exists():
        require_private(path)
    return read_toml(path)
