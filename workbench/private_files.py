"""Files that only this user may read: refused when others could, and read again when they changed."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from workbench.errors import ConfigError

_Content = TypeVar("_Content")


def mode_for_others(path: Path) -> str | None:
    """The mode of a file that others can read, as `mode 0644`; None where only its owner can."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"mode {mode:04o}" if mode & 0o077 else None


def require_private(path: Path) -> None:
    """Refuse a file that others can read.

    Raises:
        ConfigError: naming the file and the fix.
    """
    if mode := mode_for_others(path):
        raise ConfigError(f"{path} can be read by others ({mode}): run `chmod 600 {path}`.")


class PrivateContent(Generic[_Content]):
    """What a private file holds, read again whenever it changed.

    Args:
        read: reads the whole file.
        empty: what it holds while there is none.
    """

    def __init__(self, path: Path, read: Callable[[Path], _Content], empty: _Content) -> None:
        self.path = path
        self._read, self._empty, self._content = read, empty, empty
        self._read_at: tuple[int, int, int] | None = None

    def content(self) -> _Content:
        """What it holds now.

        Raises:
            ConfigError: others may read the file; or as `read`.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return self._empty
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen != self._read_at:
            require_private(self.path)
            self._content, self._read_at = self._read(self.path), seen
        return self._content
