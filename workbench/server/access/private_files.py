"""The key that signs sessions, in a file that only this user may read."""

from __future__ import annotations

import secrets
from pathlib import Path

from workbench.errors import ConfigError
from workbench.lake.fleet.shared_files import create_shared
from workbench.private_files import require_private

KEY_FILE = "access.key"
_KEY_BYTES = 32


def access_key(home: Path) -> str:
    """The key that signs sessions, made once. Removing the file signs everybody out.

    Raises:
        ConfigError: others may read the file, or it holds no key.
    """
    path = home / KEY_FILE
    if not path.exists():
        create_shared(home, KEY_FILE, secrets.token_hex(_KEY_BYTES))
    require_private(path)
    key = path.read_text(encoding="utf-8").strip()
    if len(key) < 2 * _KEY_BYTES:
        raise ConfigError(f"{path} holds no key. Remove it; the next start makes a new one.")
    return key
