"""The key of a fleet: seals what machines share, so that the database and its copies tell nobody anything.

Each row is sealed with AES-256-GCM, bound to the file's name and revision: a row that was changed, put under
another name or put back from an older revision does not open. That a file was deleted is sealed like a file.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workbench.errors import ConfigError, LakeRefused
from workbench.private_files import require_private
from workbench.settings import Settings

KEY_FILE = "fleet.key"
KEY_VARIABLE = "WORKBENCH_FLEET_KEY"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_FILE, _DELETED = b"+", b"-"


class FleetKey:
    """A key that seals and opens rows; it never shows itself."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.check = hashlib.blake2b(digest_size=8, key=key, person=b"wb-fleet-check").hexdigest()
        """Tells one key from another without giving it away."""

    def __repr__(self) -> str:
        return f"FleetKey(check={self.check})"

    def seal(self, name: str, revision: int, content: bytes | None) -> bytes:
        """The row of a file; of a file that was deleted, where there is no content."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = _DELETED if content is None else _FILE + content
        return nonce + self._cipher.encrypt(nonce, plain, _bound_to(name, revision))

    def unseal(self, name: str, revision: int, sealed: bytes) -> bytes | None:
        """What :meth:`seal` was given.

        Raises:
            LakeRefused: the row was changed in the database, or another key sealed it.
        """
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, rest, _bound_to(name, revision))
        except (InvalidTag, ValueError) as error:
            raise LakeRefused(
                f"The row of {name!r} (revision {revision}) in the fleet's database is not what a machine of "
                "this fleet wrote, so nothing of it is used. Find out who can write to that database; then "
                f"`workbench fleet push {name} --confirm` on a machine with the right file writes it anew."
            ) from error
        return None if plain[:1] == _DELETED else plain[1:]


def _bound_to(name: str, revision: int) -> bytes:
    return f"workbench fleet file 1\n{revision}\n{name}".encode()


def key_path(settings: Settings) -> Path:
    """The file that holds the key where the environment does not; it may be missing."""
    given = settings.lake.fleet_key_file
    return Path(given).expanduser() if given else settings.home / KEY_FILE


def next_key_path(settings: Settings) -> Path:
    """Where `workbench fleet rekey` keeps the next key until the database has it."""
    path = key_path(settings)
    return path.with_name(f"{path.name}.new")


def read_fleet_key(settings: Settings) -> FleetKey | None:
    """The key that this machine was given; None if it has none.

    Raises:
        ConfigError: the file that is named is missing or cannot be read, or what is given is no key.
    """
    if settings.lake.fleet_key is not None:
        return key_of_text(settings.lake.fleet_key.reveal(), KEY_VARIABLE)
    path = key_path(settings)
    if settings.lake.fleet_key_file is None:
        if not path.exists():
            return None
        # A file that somebody named may be one that a container engine hands over, readable in it by all.
        require_private(path)
    elif not path.is_absolute():
        raise ConfigError(
            f"[lake] fleet_key_file is {settings.lake.fleet_key_file!r} ({KEY_VARIABLE}_FILE), which is "
            f"another file wherever a command is run. Write its whole path, such as {path.absolute()}."
        )
    elif settings.home in path.parents and path != settings.home / KEY_FILE:
        raise ConfigError(
            f"[lake] fleet_key_file is {path}, in the home, where a backup would copy it. Put the key at "
            f"{settings.home / KEY_FILE}, which no backup has, or outside of the home."
        )
    return read_key_file(path)


def read_key_file(path: Path) -> FleetKey:
    """The key in a file.

    Raises:
        ConfigError: it cannot be read, or holds no key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"The key of the fleet cannot be read from {path} ([lake] fleet_key_file): {reason}. Copy it "
            f"from another machine of the fleet, or set {KEY_VARIABLE}."
        ) from error
    return key_of_text(text, str(path))


def key_of_text(text: str, source: str) -> FleetKey:
    """The key that a text holds.

    Raises:
        ConfigError: it holds none.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            f"{source} holds no key of a fleet, which is {2 * _KEY_BYTES} hexadecimal digits (the value is "
            "not shown). `workbench fleet init` makes one; on another machine copy it from there."
        )
    return FleetKey(key)


def new_key_text() -> str:
    """A key that nobody had before."""
    return secrets.token_hex(_KEY_BYTES)
