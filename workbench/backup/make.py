"""Makes a backup: files of the home, then the catalog as of one moment, then the data files that it needs.

Everything else may go on meanwhile. The manifest is written last and in one step, so that a run that was
killed leaves the earlier backups as they were, and the next one goes on with what is there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workbench.backup.manifest import Entry, ErasureLedger, Manifest, Stored
from workbench.backup.prune import prune
from workbench.backup.repository import ID_FORMAT, Repository, begin_repository
from workbench.backup.source import DataSource, copy_now, list_home
from workbench.backup.store import StoredFile, clear_staging, open_store, private_folder
from workbench.display.formats import plural
from workbench.errors import BackupDamaged, BackupError, LakeBusy, LakeError, UsageError
from workbench.files import write_whole
from workbench.home import InBackup
from workbench.lake.audit import append_audit
from workbench.lake.catalog_copy import CopyContent, copy_catalog, needed_files, read_copy
from workbench.lake.connect import Lake
from workbench.lake.fleet.only_one import only_one_of_lake
from workbench.roles import current_actor
from workbench.settings.secret import Secret

LAST_FILE = "backup.json"
"""In WORKBENCH_HOME: where and when the last backup was made."""
CATALOG = "catalog.sqlite"
_ATTEMPTS = 5
_NOTE_EVERY_BYTES = 256 * 2**20
_TMP_PREFIX = "backup-"

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class BackupMade:
    """A backup that was made and read back."""

    backup_id: str
    made_at: datetime
    target: str
    files: int
    size: int
    copied_files: int
    """Those that the target lacked."""
    copied_size: int
    is_encrypted: bool
    left_out: tuple[str, ...]
    """Files with secrets, which only an encrypted backup holds."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        """What was done, in one line."""
        return (
            f"Backup {self.backup_id} at {self.target}: {plural(self.files, 'file')}, {_size(self.size)}; "
            f"{plural(self.copied_files, 'file')} of {_size(self.copied_size)} were new. All of them were "
            f"read back{' and are encrypted' if self.is_encrypted else ''}."
        )

    def notices(self) -> list[str]:
        """What whoever keeps it must know."""
        if not self.left_out:
            return []
        return [
            f"The backup is not encrypted, so it lacks {', '.join(self.left_out)}. Keep these apart: without "
            "privacy.key a restored lake does not open. With WORKBENCH_BACKUP_PASSPHRASE (backup_passphrase "
            "in credentials.toml) and another place, backups are encrypted and hold them."
        ]


def make_backup(
    lake: Lake,
    target: str,
    passphrase: Secret | None,
    *,
    keep: int | None = None,
    on_step: OnStep = lambda step: None,
    stop: Callable[[], bool] = lambda: False,
) -> BackupMade:
    """Copy what the target lacks, read it back, and write the manifest.

    Args:
        target: a folder or `s3://bucket/prefix/`, outside of the home and the lake.
        keep: how many backups stay; by default all.
        on_step: is told what is done now.
        stop: asked between the files; what was copied is kept for the next run.

    Raises:
        BackupError: the target cannot be used, or is another lake's.
        LakeBusy: another backup is being made, or the lake changed too fast.
    """
    _require_outside(target, lake)
    with only_one_of_lake(lake.address, lake.home, "backup", "backup") as sole, _tmp_folder(lake.home) as tmp:
        store = open_store(target, tmp)
        repository = begin_repository(store, passphrase, str(lake.value("select lake_id from lake_identity")))
        clear_staging(store)
        run = _Run(lake, repository, tmp, on_step, lambda: stop() or sole.is_lost())
        manifest = run.make()
        on_step("manifest")
        name = repository.save_manifest(manifest)
        save_newer_ledger(repository, manifest.ledger)
        repository.end_progress()
        made = run.result(manifest)
        note_last(lake.home, store.shown, name, manifest)
        if keep is not None:
            prune(repository, keep)
    detail = {"backup_id": made.backup_id, "target": store.shown, "encrypted": made.is_encrypted}
    lake.write(lambda cursor: append_audit(cursor, "backup", actor=current_actor(), detail=detail))
    return made


class _Run:
    """One run: what is there, and what it has put there."""

    def __init__(
        self, lake: Lake, repository: Repository, tmp: Path, on_step: OnStep, stop: Callable[[], bool]
    ) -> None:
        self._lake, self._repository, self._tmp = lake, repository, tmp
        self._on_step, self._stop = on_step, stop
        self._data = DataSource(lake.address, tmp)
        self._there = repository.stored_objects()
        self._known = _known_files(repository, self._there)
        self._not_noted = 0
        self.copied: list[Stored] = []

    def make(self) -> Manifest:
        """Copy everything; the manifest, not written yet."""
        made_at = datetime.now(UTC)
        self._on_step("home")
        home, left_out = self._copy_home()
        for _ in range(_ATTEMPTS):
            self._on_step("catalog")
            catalog = self._tmp / CATALOG
            catalog.unlink(missing_ok=True)
            copied_at = datetime.now(UTC)
            copy_catalog(self._lake.address, self._lake.home, catalog)
            try:
                content = read_copy(catalog, self._lake.address, self._lake.home)
                self._on_step("data")
                data = self._copy_data(catalog)
            except (FileNotFoundError, LakeError) as error:
                # Maintenance or an erasure removed a file since; a newer catalog does not need it.
                if is_current(self._lake, catalog):
                    raise BackupError(
                        f"A file of the lake is missing or damaged: {error} `workbench doctor` says more."
                    ) from error
                continue
            stored = self._put("catalog", catalog)
            entry = Entry("catalog", CATALOG, catalog.stat().st_size, stored)
            return self._manifest(made_at, copied_at, content, (entry, *data, *home), left_out)
        raise LakeBusy(
            f"Files of the lake were removed while they were copied, {_ATTEMPTS} times in a row (an erasure, "
            "or maintenance). Wait for it to end and run the same again."
        )

    def _manifest(
        self,
        made_at: datetime,
        copied_at: datetime,
        content: CopyContent,
        entries: tuple[Entry, ...],
        left_out: tuple[str, ...],
    ) -> Manifest:
        return Manifest(
            backup_id=made_at.strftime(ID_FORMAT),
            made_at=made_at,
            lake_id=content.lake_id,
            program=version("workbench"),
            catalog_kind=self._lake.address.kind,
            snapshot=content.snapshot,
            totals=content.totals,
            entries=entries,
            left_out=left_out,
            ledger=ErasureLedger(copied_at, content.erased, content.horizons),
        )

    def result(self, manifest: Manifest) -> BackupMade:
        return BackupMade(
            backup_id=manifest.backup_id,
            made_at=manifest.made_at,
            target=self._repository.store.shown,
            files=len(manifest.entries),
            size=manifest.size,
            copied_files=len(self.copied),
            copied_size=sum(stored.size for stored in self.copied),
            is_encrypted=self._repository.is_encrypted,
            left_out=manifest.left_out,
        )

    def _copy_home(self) -> tuple[list[Entry], tuple[str, ...]]:
        entries, left_out = [], []
        for name, path, treatment in list_home(self._lake):
            self._require_going_on()
            if treatment is InBackup.LEAVE_OUT:
                continue
            if treatment is InBackup.SECRET and not self._repository.is_encrypted:
                left_out.append(name)
                continue
            try:
                copy = copy_now(path, self._tmp / "file")
            except FileNotFoundError:
                continue  # removed since it was listed
            stored = self._put(f"sha256:{_digest(copy)}", copy)
            entries.append(Entry("home", name, copy.stat().st_size, stored))
        return entries, tuple(left_out)

    def _copy_data(self, catalog: Path) -> list[Entry]:
        entries = []
        for file in needed_files(catalog):
            self._require_going_on()
            key = f"data:{file.path}"
            if key not in self._known:
                path = self._data.fetch(file.path, self._tmp / "data")
                self._put(key, path)
            entries.append(Entry("data", file.path, file.size, self._known[key]))
        return entries

    def _put(self, key: str, path: Path) -> Stored:
        """Put a file there unless it is; one that DuckLake wrote never changes and is known by its name."""
        if key not in self._known:
            stored = self._known[key] = self._repository.put(path)
            self.copied.append(stored)
            self._not_noted += stored.size
            if self._not_noted > _NOTE_EVERY_BYTES:
                self._repository.save_progress(self._known)
                self._not_noted = 0
        return self._known[key]

    def _require_going_on(self) -> None:
        if self._stop():
            self._repository.save_progress(self._known)
            raise BackupError("The backup was stopped; run it again to go on with what was copied.")


def _known_files(repository: Repository, there: dict[str, StoredFile]) -> dict[str, Stored]:
    """What the target has already, by key: data files by name, files of the home by their content."""
    known = repository.progress()
    for name in reversed(repository.backup_names()):
        try:
            manifest = repository.manifest(name)
        except BackupDamaged:
            continue  # `restore --check` names it
        for entry in manifest.entries:
            key = f"data:{entry.path}" if entry.kind == "data" else f"sha256:{entry.stored.sha256}"
            known.setdefault(key, entry.stored)
        break
    return {
        key: stored
        for key, stored in known.items()
        if stored.name in there and there[stored.name].size == stored.size
    }


def is_current(lake: Lake, catalog: Path) -> bool:
    """Whether the lake still needs the files of this copy, so that one that is missing is lost."""
    newer = catalog.with_name("newer.sqlite")
    newer.unlink(missing_ok=True)
    copy_catalog(lake.address, lake.home, newer)
    return set(needed_files(catalog)) <= set(needed_files(newer))


def save_newer_ledger(repository: Repository, ledger: ErasureLedger) -> None:
    """Replace the list of erasures by a newer one; an older one is of no use."""
    try:
        there = repository.ledger()
    except BackupDamaged:
        there = None
    if there is None or there.as_of < ledger.as_of:
        repository.save_ledger(ledger)


def note_last(home: Path, target: str, name: str, manifest: Manifest) -> None:
    """Write down in the home that a backup was made and read back."""
    content = {"target": target, "name": name, "backup_id": manifest.backup_id, "made_at": manifest.made_at}
    write_whole(home / LAST_FILE, json.dumps(content, default=datetime.isoformat) + "\n")


def read_last(home: Path) -> dict[str, Any] | None:
    """What :func:`note_last` wrote; `made_at` is a datetime."""
    try:
        content = json.loads((home / LAST_FILE).read_text(encoding="utf-8"))
        return {**content, "made_at": datetime.fromisoformat(content["made_at"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _require_outside(target: str, lake: Lake) -> None:
    if target.startswith("s3://"):
        data = lake.address.data.rstrip("/") + "/"
        inside = lake.address.is_bucket and (target.rstrip("/") + "/").startswith(data)
    else:
        path = Path(target).expanduser().absolute().resolve()
        folders = [lake.home.resolve()]
        folders += [] if lake.address.is_bucket else [Path(lake.address.data).resolve()]
        inside = any(path == folder or folder in path.parents for folder in folders)
    if inside:
        raise UsageError(
            f"{target} is inside of the home or of the lake's files: a backup there is lost with them. Name "
            "a folder elsewhere, best on another machine, or s3://bucket/prefix/."
        )


@contextmanager
def _tmp_folder(home: Path) -> Iterator[Path]:
    """A folder for this run; what a killed one left goes."""
    tmp = private_folder(home / "tmp")
    for left in tmp.glob(f"{_TMP_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=tmp, prefix=_TMP_PREFIX) as folder:
        yield Path(folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(size: int) -> str:
    return f"{size / 2**30:,.1f} GB" if size >= 2**30 else f"{size / 2**20:,.1f} MB"
