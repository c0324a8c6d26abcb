"""What lies at the place of backups, and how it is read and written.

::

    workbench-backup.json     whose backups these are, and whether they are encrypted
    key.age                   the key, encrypted with the passphrase; only where they are encrypted
    backups/ID-HASH.json      a manifest: one backup, written last
    objects/ab/HASH           a file, by the SHA-256 of what lies here; backups share them
    ledger.json               who was erased, newer than any backup
    progress.json             what a backup that is being made has put here so far

Encrypted, the other JSON files end in `.age`. A backup's files carry their checksums in their names.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any, cast

from workbench.backup.encryption import KEY_FILE, AgeCipher, Cipher, NoCipher, new_key, open_key
from workbench.backup.manifest import (
    FORMAT,
    ErasureLedger,
    Manifest,
    Stored,
    ledger_text,
    manifest_text,
    read_ledger,
    read_manifest,
)
from workbench.backup.store import BackupStore, StoredFile, private_folder, staged_file
from workbench.errors import BackupDamaged, BackupError
from workbench.settings.secret import Secret

_MARKER, _LEDGER, _PROGRESS = "workbench-backup.json", "ledger.json", "progress.json"
_BACKUPS, _OBJECTS = "backups", "objects"
ID_FORMAT = "%Y%m%dT%H%M%S.%fZ"


class Repository:
    """The backups of one lake at one place."""

    def __init__(self, store: BackupStore, cipher: Cipher, lake_id: str) -> None:
        self.store = store
        self.cipher = cipher
        self.lake_id = lake_id

    @property
    def is_encrypted(self) -> bool:
        return isinstance(self.cipher, AgeCipher)

    # --- single files ---

    def put(self, source: Path) -> Stored:
        """Put a file there and read it back.

        Raises:
            BackupError: it could not be written; BackupDamaged: what was read back is something else.
        """
        plain = _digest(source)
        with staged_file(self.store) as (file, path):
            self.cipher.encrypt(source, file)
            file.flush()
            os.fsync(file.fileno())
            name, size = _digest(path), path.stat().st_size
            stored = Stored(name, size, plain)
            self.store.write(_object(name), path)
        self.require_intact(stored, str(source))
        return stored

    def require_intact(self, stored: Stored, what: str) -> None:
        """Read a file back as it lies there.

        Raises:
            BackupDamaged: it is missing, or not what was put there.
        """
        digest = hashlib.sha256()
        with closing(_parts(self.store, _object(stored.name), what)) as parts:
            for part in parts:
                digest.update(part)
        if digest.hexdigest() != stored.name:
            raise BackupDamaged(
                f"{what} is damaged at {self.store.shown}: {_object(stored.name)} is not what was put there."
            )

    def get(self, stored: Stored, target: IO[bytes], what: str) -> None:
        """Write the file itself into ``target``, which the caller drops if it is damaged.

        Raises:
            BackupDamaged: it is missing, or not what was put there.
        """
        hashed = _HashingWriter(target)
        with closing(_parts(self.store, _object(stored.name), what)) as parts:
            self.cipher.decrypt(io.BufferedReader(_PartsReader(parts)), cast("IO[bytes]", hashed), what)
        if hashed.digest.hexdigest() != stored.sha256:
            raise BackupDamaged(
                f"{what} is damaged at {self.store.shown}: {_object(stored.name)} is not what was put there."
            )

    def stored_objects(self) -> dict[str, StoredFile]:
        """The files that are there, by the name that a manifest has for them."""
        return {name.rpartition("/")[2]: file for name, file in self.store.names(_OBJECTS).items()}

    def delete_object(self, name: str) -> None:
        self.store.delete(_object(name))

    # --- backups ---

    def backup_names(self) -> list[str]:
        """The files of the manifests, the oldest backup first."""
        names = self.store.names(_BACKUPS)
        return sorted(name for name in names if name.endswith(f".json{self.cipher.suffix}"))

    def manifests(self) -> Iterator[Manifest]:
        """Every backup, the oldest first.

        Raises:
            BackupDamaged: a manifest is damaged.
        """
        for name in self.backup_names():
            yield self.manifest(name)

    def manifest(self, name: str) -> Manifest:
        """The manifest in a file of :meth:`backup_names`."""
        stored = b"".join(_parts(self.store, name, name))
        if hashlib.sha256(stored).hexdigest()[:32] != _hash_in(name):
            raise BackupDamaged(f"{name} at {self.store.shown} is damaged; choose another backup with --at.")
        return read_manifest(self._opened(stored, name), name)

    def save_manifest(self, manifest: Manifest) -> str:
        """Put the manifest there, which makes the backup one; its file."""
        sealed = self._sealed(manifest_text(manifest).encode())
        digest = hashlib.sha256(sealed).hexdigest()[:32]
        name = f"{_BACKUPS}/{manifest.backup_id}-{digest}.json{self.cipher.suffix}"
        self._write(name, sealed)
        if self.manifest(name) != manifest:
            raise BackupDamaged(f"{name} at {self.store.shown} is not what was put there.")
        return name

    def delete_manifest(self, name: str) -> None:
        self.store.delete(name)

    # --- what is beside them ---

    def save_ledger(self, ledger: ErasureLedger) -> None:
        """Replace the list of erasures."""
        self._write(_LEDGER + self.cipher.suffix, self._sealed(ledger_text(ledger).encode()))

    def ledger(self) -> ErasureLedger | None:
        """The list of erasures; None before the first backup.

        Raises:
            BackupDamaged: it is damaged.
        """
        name = _LEDGER + self.cipher.suffix
        if not self.store.exists(name):
            return None
        return read_ledger(self._opened(b"".join(self.store.read(name)), name), name)

    def save_progress(self, known: dict[str, Stored]) -> None:
        """Note what is there already, for the next backup if this one is killed."""
        content = {path: [file.name, file.size, file.sha256] for path, file in known.items()}
        self._write(_PROGRESS + self.cipher.suffix, self._sealed(json.dumps(content).encode()))

    def progress(self) -> dict[str, Stored]:
        """What a killed backup has put there; nothing where its note is damaged, too."""
        name = _PROGRESS + self.cipher.suffix
        if not self.store.exists(name):
            return {}
        try:
            content = json.loads(self._opened(b"".join(self.store.read(name)), name))
            return {path: Stored(*values) for path, values in content.items()}
        except (BackupDamaged, ValueError, TypeError, AttributeError):
            return {}

    def end_progress(self) -> None:
        self.store.delete(_PROGRESS + self.cipher.suffix)

    # --- content ---

    def _sealed(self, content: bytes) -> bytes:
        sealed = io.BytesIO()
        with tempfile.NamedTemporaryFile(dir=private_folder(self.store.tmp)) as file:
            file.write(content)
            file.flush()
            self.cipher.encrypt(Path(file.name), sealed)
        return sealed.getvalue()

    def _opened(self, sealed: bytes, name: str) -> bytes:
        content = io.BytesIO()
        self.cipher.decrypt(io.BytesIO(sealed), content, name)
        return content.getvalue()

    def _write(self, name: str, content: bytes) -> None:
        write_bytes(self.store, name, content)


def is_encrypted(store: BackupStore) -> bool:
    """Whether the backups at a place need a passphrase.

    Raises:
        BackupError: there are none.
    """
    return _read_marker(store)[1]


def _read_marker(store: BackupStore) -> tuple[str, bool]:
    """Whose backups are at a place, and whether they are encrypted."""
    if not store.exists(_MARKER):
        raise BackupError(f"There are no backups at {store.shown}.")
    try:
        marker = json.loads(b"".join(store.read(_MARKER)))
        lake_id, encrypted, known = str(marker["lake_id"]), bool(marker["is_encrypted"]), marker["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{_MARKER} at {store.shown} is damaged.") from error
    if known != FORMAT:
        raise BackupError(
            f"The backups at {store.shown} are of format {known!r}; this program knows {FORMAT}."
        )
    return lake_id, encrypted


def open_repository(store: BackupStore, passphrase: Secret | None) -> Repository:
    """The backups that are at a place.

    Raises:
        BackupError: there are none, or the passphrase is missing or wrong, or there is one for backups that
            are not encrypted.
    """
    lake_id, encrypted = _read_marker(store)
    if encrypted:
        return Repository(store, open_key(b"".join(store.read(KEY_FILE)), passphrase, store.shown), lake_id)
    if passphrase is not None:
        raise BackupError(
            f"There is a passphrase, and the backups at {store.shown} are not encrypted. Choose another "
            "place for encrypted ones, or take the passphrase away."
        )
    return Repository(store, NoCipher(), lake_id)


def begin_repository(store: BackupStore, passphrase: Secret | None, lake_id: str) -> Repository:
    """The backups of a lake at a place, begun where there are none yet.

    Raises:
        BackupError: another lake's are there, or as :func:`open_repository`.
    """
    if not store.exists(_MARKER):
        if passphrase is not None:
            write_bytes(store, KEY_FILE, new_key(passphrase))
        marker = {"format": FORMAT, "lake_id": lake_id, "is_encrypted": passphrase is not None}
        write_bytes(store, _MARKER, (json.dumps(marker) + "\n").encode())
    repository = open_repository(store, passphrase)
    if repository.lake_id != lake_id:
        raise BackupError(
            f"{store.shown} holds the backups of another lake ({repository.lake_id}; this one is {lake_id}). "
            "Give this lake a place of its own."
        )
    return repository


def write_bytes(store: BackupStore, name: str, content: bytes) -> None:
    """Put a small file there in one step."""
    with staged_file(store) as (file, path):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        store.write(name, path)


class _PartsReader(io.RawIOBase):
    """A file of parts that come one after the other."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _HashingWriter(io.RawIOBase):
    """Writes on, and keeps the SHA-256 of it."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._target.write(data)


def _object(name: str) -> str:
    return f"{_OBJECTS}/{name[:2]}/{name}"


def _hash_in(name: str) -> str:
    return name.rpartition("-")[2].partition(".")[0]


def _parts(store: BackupStore, name: str, what: str) -> Generator[bytes]:
    try:
        yield from store.read(name)
    except BackupDamaged as error:
        raise BackupDamaged(f"{what} is lost: {error}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
