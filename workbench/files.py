"""Files that are there whole or not at all, and that nobody else may read. Pure of everything else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes | str, *, mode: int = 0o600) -> None:
    """Replace a file, forced to the disk; at no moment can others read it, or anybody read half of it.

    Text is written as UTF-8. A folder that is missing is made.
    """
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as handle:
            os.fchmod(handle.fileno(), mode)
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def create_whole(path: Path, content: str) -> bool:
    """Write a new file of mode 0600, forced to the disk, whole or not at all; never over one that is there.

    A folder that is missing is made.

    Returns:
        Whether it was written; of several processes at once the first one's file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content.encode())
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(temporary, path)  # unlike a rename, never over a file that is there
        except FileExistsError:
            return False
        except OSError:
            # Some shares (SMB, exFAT, buckets as folders) know no second name of a file.
            if not _create_in_place(path, content.encode()):
                return False
        _force_folder(path.parent)
        return True
    finally:
        os.unlink(temporary)


def _create_in_place(path: Path, data: bytes) -> bool:
    """Write a new file under its own name; killed in between, it is there without its content."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    return True


def _force_folder(folder: Path) -> None:
    """The name of a new file is on the disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
