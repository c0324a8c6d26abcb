"""A home with files of settings in it, and what reading them says."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.settings import Settings, load_settings
from workbench.settings.read import SettingsReader, read_settings


def write(home: Path, toml: str = "", credentials: str = "") -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "workbench.toml").write_text(toml)
    if credentials:
        (home / "credentials.toml").touch(mode=0o600)
        (home / "credentials.toml").write_text(credentials)


def load(home: Path, toml: str = "", credentials: str = "", **environ: str) -> Settings:
    write(home, toml, credentials)
    return load_settings({"WORKBENCH_HOME": str(home), **environ})


def read(home: Path, toml: str = "", credentials: str = "", **environ: str) -> SettingsReader:
    write(home, toml, credentials)
    return read_settings({"WORKBENCH_HOME": str(home), **environ})


def refusal(home: Path, toml: str = "", credentials: str = "", **environ: str) -> str:
    """What is said of settings that are not possible."""
    write(home, toml, credentials)
    with pytest.raises(ConfigError) as raised:
        load_settings({"WORKBENCH_HOME": str(home), **environ})
    return str(raised.value)
