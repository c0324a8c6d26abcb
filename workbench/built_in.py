"""Where the pages and notebooks of the product itself are: in a clone, and in an install."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_built_in"
"""A wheel has them inside the package, so that it installs no other top-level name (see pyproject.toml)."""


def built_in_folder(name: str) -> Path:
    """The folder ``dashboards`` or ``notebooks`` of the product."""
    return (_INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent) / name
