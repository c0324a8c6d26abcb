"""Reads and writes the TOML of views, pages and subscriptions. Pure."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from workbench.errors import ConfigError


def read_toml_text(text: str, shown: str) -> dict[str, Any]:
    """What the text of a file holds.

    Args:
        shown: what an error calls the file.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits is a ValueError, a list in a list in a list … a RecursionError.
        raise ConfigError(f"{shown} cannot be read: {error}. Correct it, or delete it.") from error


def quoted(text: str) -> str:
    """A text as TOML has it."""
    # JSON's escapes are TOML's, except that TOML wants DEL escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
