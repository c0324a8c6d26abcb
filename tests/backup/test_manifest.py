"""A manifest that somebody changed leads nowhere outside of the home."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from workbench import BackupDamaged
from workbench.backup.manifest import Entry, ErasureLedger, Manifest, Stored, manifest_text, read_manifest

MOMENT = datetime(2026, 9, 30, 12, tzinfo=UTC)


def manifest(path: str) -> Manifest:
    entry = Entry("home", path, 3, Stored("a" * 64, 3, "b" * 64))
    ledger = ErasureLedger(MOMENT, {"c" * 32: ("e1", MOMENT)}, {"bodies": MOMENT})
    return Manifest(
        "1", MOMENT, "lake", "0.1.0", "sqlite", 7, {"raw_messages": 3}, (entry,), ("privacy.key",), ledger
    )


@pytest.mark.parametrize("path", ["workbench.toml", "media/ME1/a b.png", "reports/.../x", "é/…"])
def test_a_manifest_is_read_as_it_was_written(path: str) -> None:
    assert read_manifest(manifest_text(manifest(path)).encode(), "m") == manifest(path)


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "", "a/..", "..", "a\\..\\x", "x\0y", "./../x"]
)
def test_a_path_out_of_the_home_is_refused(path: str) -> None:
    with pytest.raises(BackupDamaged, match="outside of the home"):
        read_manifest(manifest_text(manifest(path)).encode(), "m")


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b"\xff", b'{"format": 1}', b'{"format": 1, "entries": 3}']
)
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(BackupDamaged):
        read_manifest(text, "m")


def test_a_manifest_of_a_newer_program_says_so() -> None:
    newer = json.dumps({**json.loads(manifest_text(manifest("x"))), "format": 2}).encode()
    with pytest.raises(BackupDamaged, match=r"is of format 2; this program knows format 1\. Update"):
        read_manifest(newer, "m")
