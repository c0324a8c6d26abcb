"""The manifest of a report, as JSON beside its files: their hashes, and the data and code behind it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.errors import UsageError

#: Packages whose version is recorded, because they can change a number or how it looks.
_PACKAGES = (
    "workbench", "duckdb", "pandas", "phonenumbers", "papermill", "nbconvert", "ipykernel", "matplotlib",
    "weasyprint",
)  # fmt: skip
_ROOMS = ("reports", "metrics")
SUFFIX = ".manifest.json"


def build_manifest(
    *,
    report: str,
    title: str,
    label: str,
    parameters: Mapping[str, Any],
    record: Mapping[str, Any],
    notebook: Path,
    files: Sequence[Path],
) -> dict[str, Any]:
    """The manifest of a run; `record` comes from the notebook, `parameters` are masked."""
    queries = list(record["queries"])
    return {
        "report": report,
        "title": title,
        "label": label,
        "parameters": dict(parameters),
        **{name: value for name, value in record.items() if name != "queries"},
        "sql": {"sha256": _hash_text(query["sha256"] for query in queries), "queries": queries},
        "code": {"sha256": code_hash(notebook), "notebook": notebook.name},
        "packages": {"python": platform.python_version(), **_versions()},
        "files": [
            {"name": path.name, "bytes": path.stat().st_size, "sha256": file_hash(path)} for path in files
        ],
    }


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest whose files are beside it and unchanged.

    Raises:
        UsageError: the file is not a manifest, or a file of the report is missing or was altered.
    """
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = [(path.parent / Path(file["name"]).name, file["sha256"]) for file in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is no manifest of a report: give the *{SUFFIX} that `workbench reports run` wrote."
        ) from error
    for file, expected in files:
        if not file.exists():
            raise UsageError(f"{file} is in the manifest and not there; run the report again.")
        if file_hash(file) != expected:
            raise UsageError(f"{file} was altered after the report was made; run the report again.")
    return manifest


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def code_hash(notebook: Path) -> str:
    """SHA-256 over the notebook and over the code that computes and formats its numbers."""
    package = Path(__file__).parents[1]
    sources = [notebook]
    for room in _ROOMS:
        sources += sorted(path for path in (package / room).rglob("*") if path.suffix in (".py", ".css"))
    return _hash_text(f"{path.name}:{file_hash(path)}" for path in sources)


def _hash_text(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _PACKAGES}
