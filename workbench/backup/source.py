"""What of an installation a backup copies: files of its home, and the data files of its lake."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from workbench.backup.store import BackupStore, open_store
from workbench.compliance.home_files import home_files
from workbench.home import InBackup, in_backup
from workbench.lake.address import LakeAddress
from workbench.lake.connect import Lake
from workbench.settings import DEMO_FOLDER

_SPOOL = "spool/"


def list_home(lake: Lake) -> list[tuple[str, Path, InBackup]]:
    """The files of the home but for those of the lake, with what becomes of each.

    Webhooks that wait for the lake come first: those that reach it meanwhile are in the catalog, which is
    copied last, and bringing one in twice changes nothing.
    """
    files = [
        (name, path, in_backup(name))
        for name, path in home_files(lake)
        if not name.startswith(f"{DEMO_FOLDER}/")
    ]
    return sorted(files, key=lambda file: (not file[0].startswith(_SPOOL), file[0]))


class DataSource:
    """The data files of a lake, in a folder or a bucket."""

    def __init__(self, address: LakeAddress, tmp: Path) -> None:
        self._folder = None if address.is_bucket else Path(address.data)
        self._bucket: BackupStore | None = open_store(address.data, tmp) if address.is_bucket else None

    def fetch(self, name: str, target: Path) -> Path:
        """The file of this machine; one of a bucket is brought to ``target`` first.

        Raises:
            FileNotFoundError: there is none any more.
        """
        if self._folder is not None:
            path = self._folder / name
            if not path.is_file():
                raise FileNotFoundError(str(path))
            return path
        assert self._bucket is not None
        if not self._bucket.exists(name):
            raise FileNotFoundError(name)
        with target.open("wb") as file:
            _write_all(self._bucket.read(name), file)
        return target


def copy_now(path: Path, target: Path) -> Path:
    """A copy of a file that others may change meanwhile, as it is now."""
    shutil.copyfile(path, target)
    return target


def _write_all(parts: Iterator[bytes], file: object) -> None:
    for part in parts:
        file.write(part)  # type: ignore[attr-defined]
