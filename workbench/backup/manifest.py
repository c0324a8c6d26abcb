"""What a backup holds, as its manifest says it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

from workbench.errors import BackupDamaged

FORMAT = 1
Kind = Literal["catalog", "data", "home"]


@dataclass(frozen=True)
class Stored:
    """A file at the target.

    Args:
        name: the SHA-256 of what lies there; encrypted it is another one each time.
        size: of what lies there.
        sha256: of the file itself.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """A file of the installation: a data file by its path under the lake's folder, others under the home."""

    kind: Kind
    path: str
    size: int
    stored: Stored


@dataclass(frozen=True)
class ErasureLedger:
    """Who was erased and what retention has removed, as of a moment; the newest one holds for all backups.

    Args:
        erased: hash of a person (with the key of the home) → id of the erasure and its moment.
        horizons: rule of `[retention]` → everything before this moment was removed.
    """

    as_of: datetime
    erased: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    horizons: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """One backup."""

    backup_id: str
    made_at: datetime
    lake_id: str
    program: str
    catalog_kind: str
    snapshot: int
    """The version of the lake."""
    totals: Mapping[str, int]
    """Rows by table, to compare with what was restored."""
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    """Files with secrets, which only an encrypted backup holds."""
    ledger: ErasureLedger

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries)

    def by_path(self, kind: Kind) -> dict[str, Entry]:
        return {entry.path: entry for entry in self.entries if entry.kind == kind}


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, default=_plain, indent=1) + "\n"


def ledger_text(ledger: ErasureLedger) -> str:
    """The ledger as JSON."""
    return json.dumps({"format": FORMAT, **asdict(ledger)}, default=_plain, indent=1) + "\n"


def read_manifest(text: bytes, name: str) -> Manifest:
    """Read a manifest.

    Raises:
        BackupDamaged: it is none, it is of a newer program, or a path of it leads elsewhere.
    """
    content = _content(text, name)
    try:
        entries = tuple(
            Entry(entry["kind"], _inside(entry["path"], name), int(entry["size"]), Stored(**entry["stored"]))
            for entry in content["entries"]
        )
        return Manifest(
            backup_id=str(content["backup_id"]),
            made_at=datetime.fromisoformat(content["made_at"]),
            lake_id=str(content["lake_id"]),
            program=str(content["program"]),
            catalog_kind=str(content["catalog_kind"]),
            snapshot=int(content["snapshot"]),
            totals={str(table): int(rows) for table, rows in content["totals"].items()},
            entries=entries,
            left_out=tuple(content["left_out"]),
            ledger=_ledger(content["ledger"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged(f"{name} is no manifest of a backup ({error!r}).") from error


def read_ledger(text: bytes, name: str) -> ErasureLedger:
    """Read a ledger.

    Raises:
        BackupDamaged: it is none.
    """
    content = _content(text, name)
    try:
        return _ledger(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged(f"{name} is no list of erasures ({error!r}).") from error


def _content(text: bytes, name: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
        found_format = content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"{name} is damaged: it is no JSON of a backup.") from error
    if found_format != FORMAT:
        raise BackupDamaged(
            f"{name} is of format {found_format!r}; this program knows format {FORMAT}. Update the program."
        )
    return content  # type: ignore[no-any-return]


def _ledger(content: Mapping[str, Any]) -> ErasureLedger:
    return ErasureLedger(
        datetime.fromisoformat(content["as_of"]),
        {
            str(person): (str(erasure_id), datetime.fromisoformat(erased_at))
            for person, (erasure_id, erased_at) in content["erased"].items()
        },
        {str(rule): datetime.fromisoformat(moment) for rule, moment in content["horizons"].items()},
    )


def _inside(path: str, name: str) -> str:
    """The path, if it stays inside of the folder that it is restored into."""
    parts = PurePosixPath(path)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts or "\0" in path or "\\" in path:
        raise BackupDamaged(f"{name} names a file {path!r}, which would be written outside of the home.")
    return path


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not written into a manifest")
