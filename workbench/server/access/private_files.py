"""Files that only this user may read: written whole or not at all, refused when others could read them."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

from workbench.errors import ConfigError
from workbench.files import create_whole

KEY_FILE = "access.key"
_KEY_BYTES = 32


def require_private(path: Path) -> None:
    """Refuse a file that others can read.

    Raises:
        ConfigError: naming the file and the fix.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others (mode {mode:04o}): run `chmod 600 {path}`.")


def access_key(home: Path) -> str:
    """The key that signs sessions, made once. Removing the file signs everybody out.

    Raises:
        ConfigError: others may read the file, or it holds no key.
    """
    path = home / KEY_FILE
    if not path.exists():
        # Of two processes at once the first one's stays.
        create_whole(path, secrets.token_hex(_KEY_BYTES))
    require_private(path)
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < 2 * _KEY_BYTES:
        raise ConfigError(f"{path} holds no key. Remove it; the next start makes a new one.")
    return key
