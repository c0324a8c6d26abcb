"""Encrypted backups: the secrets are in them, another tool opens them, every damage is found and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyrage
import pytest

from tests.backup.conftest import Restore, make_home
from workbench import BackupError, Workbench
from workbench.api.backup import check_at, open_backups
from workbench.settings import load_settings
from workbench.settings.secret import Secret

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, and in `backups` an encrypted backup of it."""
    folder = tmp_path_factory.mktemp("encrypted")
    make_home(folder / "home").close()
    environ = {"WORKBENCH_HOME": str(folder / "home"), "WORKBENCH_BACKUP_PASSPHRASE": PASSPHRASE}
    with Workbench(settings=load_settings(environ)) as wb:
        made = wb.backup(str(folder / "backups"))
        assert (made.is_encrypted, made.left_out, made.notices()) == (True, (), [])
    return folder


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    """A copy of the backups that a test may damage."""
    shutil.copytree(place / "backups", tmp_path / "copy")
    return tmp_path / "copy"


def test_it_comes_back_with_its_secrets(
    place: Path, tmp_path: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_BACKUP_PASSPHRASE", PASSPHRASE)
    assert restore(place / "backups").exit_code == 0
    for name in ("privacy.key", "credentials.toml"):
        path = tmp_path / "other" / name
        assert path.read_bytes() == (place / "home" / name).read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    with Workbench(tmp_path / "other") as wb:
        assert wb.sql("select count(*) as n from messages").n[0] == 100


def test_nothing_at_the_place_can_be_read(place: Path) -> None:
    key = (place / "home/privacy.key").read_bytes().strip()
    for path in (place / "backups").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"+1415555" not in content
            assert key not in content
            assert path.name == "workbench-backup.json" or content.startswith(b"age-encryption.org/v1\n")


def test_it_opens_by_hand_with_the_age_format(place: Path) -> None:
    """As `age -d -i key.age FILE` does."""
    kept = pyrage.passphrase.decrypt((place / "backups/key.age").read_bytes(), PASSPHRASE).decode()
    identity = pyrage.x25519.Identity.from_str(kept.split()[-1])
    (manifest,) = (place / "backups/backups").iterdir()
    assert b'"catalog.sqlite"' in pyrage.decrypt(manifest.read_bytes(), [identity])


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [(None, "are encrypted. Give their passphrase"), ("another", "The passphrase does not open key.age")],
)
def test_without_the_passphrase_nothing_opens(place: Path, passphrase: str | None, said: str) -> None:
    with pytest.raises(BackupError, match=said):
        open_backups(str(place / "backups"), Secret(passphrase) if passphrase else None, place)


def test_an_encrypted_place_takes_no_plain_backup(place: Path) -> None:
    with Workbench(place / "home") as wb, pytest.raises(BackupError, match="Give their passphrase"):
        wb.backup(str(place / "backups"))


def test_a_flipped_byte_and_a_missing_file_are_named(copy: Path, restore: Restore) -> None:
    secret = Secret(PASSPHRASE)
    repository = open_backups(str(copy), secret, copy)
    (manifest,) = repository.manifests()
    data = manifest.by_path("data")
    table = min(data)
    damaged = copy / "objects" / data[table].stored.name[:2] / data[table].stored.name
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    picture = manifest.by_path("home")["media/ME1/picture"].stored.name
    (copy / "objects" / picture[:2] / picture).unlink()
    problems = check_at(str(copy), secret)
    assert len(problems) == 2
    assert problems[0].startswith(f"data {table} cannot be decrypted")
    assert problems[1].startswith("home media/ME1/picture is lost")


def test_the_command_ends_with_1_and_restores_nothing_that_is_damaged(
    copy: Path, tmp_path: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_BACKUP_PASSPHRASE", PASSPHRASE)
    assert "is what was put there" in restore(copy, "--check").stdout
    repository = open_backups(str(copy), Secret(PASSPHRASE), copy)
    (manifest,) = repository.manifests()
    (entry,) = manifest.by_path("catalog").values()
    path = copy / "objects" / entry.stored.name[:2] / entry.stored.name
    path.write_bytes(path.read_bytes()[:-1])
    checked = restore(copy, "--check")
    assert checked.exit_code == 1
    assert "catalog catalog.sqlite cannot be decrypted" in checked.stdout
    assert restore(copy).exit_code == 1
    assert not (tmp_path / "other/lake/catalog.sqlite").exists()
    (name,) = (copy / "backups").iterdir()
    name.write_bytes(name.read_bytes()[:-1])
    assert "is damaged; choose another backup" in restore(copy, "--check").stdout
