"""Encryption of backups in the age format (age-encryption.org), so that `age` and `rage` open them too.

Each place of backups has a key pair of its own. Its secret half lies there as `key.age`, encrypted with the
passphrase; so a passphrase is worked out once a run and not for each file, and by hand `age -d -i key.age
FILE` opens any file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol, TypeVar

import pyrage

from workbench.errors import BackupDamaged, BackupError
from workbench.settings.secret import Secret

KEY_FILE = "key.age"
T = TypeVar("T")


class Cipher(Protocol):
    """Turns files into what lies at the target, and back."""

    suffix: str

    def encrypt(self, source: Path, target: IO[bytes]) -> None: ...

    def decrypt(self, source: IO[bytes], target: IO[bytes], name: str) -> None: ...


class NoCipher:
    """What lies at the target is the file itself."""

    suffix = ""

    def encrypt(self, source: Path, target: IO[bytes]) -> None:
        with source.open("rb") as file:
            _copy(file, target)

    def decrypt(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        _copy(source, target)


class AgeCipher:
    """Files for one key pair."""

    suffix = ".age"

    def __init__(self, identity: pyrage.x25519.Identity) -> None:
        self._identity = identity

    def encrypt(self, source: Path, target: IO[bytes]) -> None:
        recipients = [self._identity.to_public()]
        with source.open("rb") as file:
            _through_age(lambda file, target: pyrage.encrypt_io(file, target, recipients), file, target)

    def decrypt(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        try:
            _through_age(
                lambda source, target: pyrage.decrypt_io(source, target, [self._identity]), source, target
            )
        except ValueError as error:
            raise BackupDamaged(f"{name} cannot be decrypted: it was changed or cut off.") from error


def new_key(passphrase: Secret) -> bytes:
    """The file that keeps a new key pair."""
    identity = pyrage.x25519.Identity.generate()
    kept = f"# The key of these backups. By hand: age -d -i key.age FILE\n{identity}\n"
    return bytes(pyrage.passphrase.encrypt(kept.encode(), passphrase.reveal()))


def open_key(content: bytes, passphrase: Secret | None, shown: str) -> AgeCipher:
    """The key pair in a `key.age`.

    Raises:
        BackupError: there is no passphrase, or a wrong one.
    """
    if passphrase is None:
        raise BackupError(
            f"The backups at {shown} are encrypted. Give their passphrase in WORKBENCH_BACKUP_PASSPHRASE, or "
            "as backup_passphrase in credentials.toml."
        )
    try:
        kept = pyrage.passphrase.decrypt(content, passphrase.reveal()).decode()
        line = next(line for line in kept.splitlines() if line.startswith("AGE-SECRET-KEY-"))
        return AgeCipher(pyrage.x25519.Identity.from_str(line))
    except pyrage.DecryptError as error:
        raise BackupError(
            f"The passphrase does not open {KEY_FILE} at {shown}: it is another one, or the file was changed."
        ) from error
    except (UnicodeDecodeError, StopIteration, pyrage.IdentityError) as error:
        raise BackupDamaged(f"{KEY_FILE} at {shown} holds no key.") from error


class _Noted:
    """A file that keeps the error of its disk or place, which pyrage would give another name."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        return self._noting(lambda: self._file.read(size))

    def write(self, data: bytes) -> int:
        return self._noting(lambda: self._file.write(data))

    def flush(self) -> None:
        self._noting(self._file.flush)

    def _noting(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            self.error = error
            raise


def _through_age(work: Callable[[_Noted, _Noted], object], source: IO[bytes], target: IO[bytes]) -> None:
    """Do it; ValueError where the content is refused, and the errors of the files as they are."""
    files = _Noted(source), _Noted(target)
    try:
        work(*files)
    except Exception as error:  # damage is an OSError of pyrage's, too
        for file in files:
            if file.error is not None:
                raise file.error from None
        raise ValueError(str(error)) from error


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while part := source.read(2**20):
        target.write(part)
