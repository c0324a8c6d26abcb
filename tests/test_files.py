"""A file is there whole or not at all, and nobody else reads it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from workbench.files import create_whole, write_whole


def test_it_replaces_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "secret.toml"
    write_whole(path, "first")
    path.chmod(0o644)
    write_whole(path, "zweite Fassung: ü")
    assert path.read_text(encoding="utf-8") == "zweite Fassung: ü"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write_whole(path, b"\x00\xff", mode=0o644)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"\x00\xff", 0o644)


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o755), (0o002, 0o755), (0o077, 0o700)])
def test_others_write_into_no_folder_that_is_made(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "a" / "b" / "written", "x")
        create_whole(tmp_path / "c" / "d" / "created", "x")
    finally:
        os.umask(before)
    folders = [tmp_path / name for name in ("a", "a/b", "c", "c/d")]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {mode}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*ed")} == {0o600}


def test_after_a_failure_the_old_one_is_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept"
    write_whole(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["kept"]


@pytest.mark.parametrize("code", [0, errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS])
def test_a_new_file_is_never_put_over_one_that_is_there(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a file cannot have two names, as on SMB shares (here the system says so without one)."""

    def no_links(*_: object) -> None:
        raise OSError(code, "Operation not supported")

    if code:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "new folder" / "secret.key"
    assert create_whole(path, "first: ü") is True
    assert create_whole(path, "second") is False
    assert path.read_text(encoding="utf-8") == "first: ü"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["secret.key"]
