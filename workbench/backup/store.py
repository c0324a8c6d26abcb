"""Where backups lie: a folder, or a prefix of a bucket. Each file is there completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from workbench.errors import BackupDamaged, BackupError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_PART = 4 * 2**20
_NOT_THERE = (NotFoundError, FileNotFoundError)
"""obstore raises either."""
_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}


@dataclass(frozen=True)
class StoredFile:
    """What a listing says of a file."""

    size: int
    changed_at: datetime


class BackupStore(Protocol):
    """Files by name, with slashes."""

    shown: str
    """Its address, without secrets."""
    tmp: Path
    """A private folder of this machine, which may not be there yet."""

    def names(self, folder: str) -> dict[str, StoredFile]:
        """Every file in a folder and below, by its whole name."""

    def exists(self, name: str) -> bool: ...

    def read(self, name: str) -> Iterator[bytes]:
        """The file in parts; BackupDamaged where there is none."""

    def write(self, name: str, source: Path) -> None:
        """Put a file there in one step, in the place of an older one; ``source`` may be gone afterwards."""

    def delete(self, name: str) -> None: ...

    def staging(self) -> Path:
        """A folder of this machine in which files to be written are prepared."""


def open_store(address: str, tmp: Path) -> BackupStore:
    """The store at an address; nothing is written yet.

    Args:
        address: a folder, or `s3://bucket/prefix/`, whose keys are in the variables that every S3 tool reads.
        tmp: a private folder of this machine.

    Raises:
        BackupError: it is neither.
    """
    if address.startswith("s3://"):
        return BucketStore(address, tmp)
    if "://" in address:
        raise BackupError(f"{address!r} is no place for backups; write a folder or s3://bucket/prefix/.")
    return FolderStore(Path(address).expanduser().absolute(), tmp)


class FolderStore:
    """A folder: another disk, or a share."""

    def __init__(self, folder: Path, tmp: Path) -> None:
        self.folder = folder
        self.tmp = tmp
        self.shown = str(folder)

    def names(self, folder: str) -> dict[str, StoredFile]:
        names = {}
        for place, _, files in os.walk(self.folder / folder):
            for file in files:
                path = Path(place, file)
                if not file.startswith("."):
                    status = path.stat()
                    names[path.relative_to(self.folder).as_posix()] = StoredFile(
                        status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)
                    )
        return names

    def exists(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with (self.folder / name).open("rb") as file:
                while part := file.read(_PART):
                    yield part
        except FileNotFoundError:
            raise _missing(self.shown, name) from None

    def write(self, name: str, source: Path) -> None:
        with said(self.shown):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(source, target)
            _force(target.parent, os.O_DIRECTORY)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def staging(self) -> Path:
        with said(self.shown):
            # Beside the rest, so that a file is moved into its place in one step.
            folder = self.folder / ".incoming"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


class BucketStore:
    """A prefix of an S3 bucket."""

    def __init__(self, address: str, tmp: Path) -> None:
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        self.shown = address
        self.tmp = tmp
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        try:
            options: ClientConfig = {"allow_http": urlsplit(endpoint or "").scheme == "http"}
            config: S3Config = {"endpoint": endpoint} if endpoint else {}
            self._store = S3Store(bucket, config=config, client_options=options, retry_config=_RETRIES)
        except BaseError as error:
            raise _refused(address, error) from error

    def names(self, folder: str) -> dict[str, StoredFile]:
        names = {}
        with said(self.shown):
            for page in obstore.list(self._store, prefix=f"{self._prefix}{folder}"):
                for entry in page:
                    name = entry["path"].removeprefix(self._prefix)
                    names[name] = StoredFile(entry["size"], entry["last_modified"])
        return names

    def exists(self, name: str) -> bool:
        with said(self.shown):
            try:
                obstore.head(self._store, self._prefix + name)
            except _NOT_THERE:
                return False
        return True

    def read(self, name: str) -> Iterator[bytes]:
        with said(self.shown):
            try:
                parts = obstore.get(self._store, self._prefix + name).stream(min_chunk_size=_PART)
            except _NOT_THERE:
                raise _missing(self.shown, name) from None
            for part in parts:
                yield bytes(part)

    def write(self, name: str, source: Path) -> None:
        with said(self.shown):
            obstore.put(self._store, self._prefix + name, source)

    def delete(self, name: str) -> None:
        with said(self.shown):
            obstore.delete(self._store, self._prefix + name)

    def staging(self) -> Path:
        return private_folder(self.tmp)


def private_folder(folder: Path) -> Path:
    """The folder, made for its owner alone where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextmanager
def staged_file(store: BackupStore) -> Iterator[tuple[IO[bytes], Path]]:
    """A new private file to be put into a store; it is removed where it was not."""
    with said(store.shown):
        descriptor, name = tempfile.mkstemp(dir=store.staging(), prefix="file.")
    path = Path(name)
    try:
        # What is left in the buffer is written when the file is closed.
        with said(store.shown), os.fdopen(descriptor, "wb") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def clear_staging(store: BackupStore) -> None:
    """Remove what a killed backup had begun to write; nobody else makes one now."""
    with said(store.shown):
        for path in store.staging().glob("file.*"):
            path.unlink(missing_ok=True)


@contextmanager
def said(shown: str) -> Iterator[None]:
    """Errors of the disk or the bucket as ours.

    Raises:
        BackupError: the target cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        if shown.startswith("s3://") and error.errno is None:
            raise _refused(shown, error) from error
        raise BackupError(
            f"The place of the backups, {shown}, cannot be used: {error.strerror or error}. Earlier backups "
            "there are as they were; make room or correct the place, and run the same again."
        ) from error
    except BaseError as error:
        raise _refused(shown, error) from error


def _refused(shown: str, error: Exception) -> BackupError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return BackupError(
        f"The bucket of {shown} cannot be used: {reason[:300]} Keys and region come from AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL."
    )


def _missing(shown: str, name: str) -> BackupDamaged:
    return BackupDamaged(f"{name} is missing at {shown}.")


def _force(path: Path, flags: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
