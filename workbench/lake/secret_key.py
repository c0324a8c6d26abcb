"""The secret key of an installation's hashes: a file of mode 0600 in WORKBENCH_HOME, never in the lake.

Without it the lake can still be read, but a known contact would not be recognised in new messages.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path

from workbench.errors import ConfigError

KEY_FILE = "privacy.key"
_KEY_BYTES = 32


def privacy_key(home: Path) -> bytes:
    """The secret key of this installation's hashes, made once.

    Raises:
        ConfigError: others may read the file, or it holds no key.
    """
    path = home / KEY_FILE
    if not path.exists():
        _create_key(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others (mode {mode:04o}): run `chmod 600 {path}`.")
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            f"{path} holds no key ({2 * _KEY_BYTES} hexadecimal digits). Put it back from a backup."
        )
    return key


def _create_key(path: Path) -> None:
    """Write a new key whole or not at all; of two processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".privacy-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)  # unlike a rename, never over a key that is there
        except FileExistsError:
            return
    finally:
        os.unlink(name)
