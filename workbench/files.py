"""Writes files so that they exist completely or not at all, and only their owner can read them.

A folder that is missing is made so that only its owner can add to it, whatever the umask says.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def make_folder(folder: Path, *, mode: int = 0o755) -> None:
    """Make a folder and those above it, where they are missing; nobody but their owner can write into them.

    What users keep in a folder that others can write is refused (:mod:`workbench.own_files`).

    Args:
        mode: of the folder itself; those above it are 0755 at most.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    # The umask may take more away: it never gives anything.
    folder.mkdir(mode=mode, exist_ok=True)


def write_whole(path: Path, content: bytes | str, *, mode: int = 0o600) -> None:
    """Replace a file in one step, durably; no other user can read it, and nobody can read half of it.

    Text is written as UTF-8. A missing folder is created.
    """
    data = content.encode() if isinstance(content, str) else content
    make_folder(path.parent)
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
    """Write a new file of mode 0600 durably, completely or not at all; an existing file is never replaced.

    A missing folder is created.

    Returns:
        Whether it was written; if several processes write at once, the first one's file stays.
    """
    make_folder(path.parent)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content.encode())
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(temporary, path)  # unlike a rename, this never replaces an existing file
        except FileExistsError:
            return False
        except OSError:
            # Some file systems (SMB, exFAT, mounted buckets) have no hard links.
            if not _create_in_place(path, content.encode()):
                return False
        _force_folder(path.parent)
        return True
    finally:
        os.unlink(temporary)


def _create_in_place(path: Path, data: bytes) -> bool:
    """Write a new file under its own name; if the process is killed, the file may exist without content."""
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
    """Write a folder to the disk; only then is the name of a new file durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
