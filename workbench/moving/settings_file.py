"""Where the address of the lake comes from, and writing a new one into workbench.toml."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from workbench.errors import ConfigError
from workbench.files import write_whole
from workbench.lake.address import LakeAddress, lake_address
from workbench.settings import SETTINGS_FILE, Settings
from workbench.settings.read import read_settings


@dataclass(frozen=True)
class AddressSource:
    """Which variables of the environment name the lake; without any, workbench.toml or the default does."""

    variables: tuple[str, ...]

    @property
    def is_file(self) -> bool:
        return not self.variables

    def advice(self, new: LakeAddress, data: str | None) -> str:
        """What a person has to change."""
        if self.is_file:
            return f"{SETTINGS_FILE} names the new lake now."
        place = f"WORKBENCH_LAKE_DATA to {data}" if data else "remove WORKBENCH_LAKE_DATA"
        return (
            f"The address comes from the environment ({' and '.join(self.variables)}): set WORKBENCH_LAKE to "
            f"{new.shown} and {'set ' if data else ''}{place} wherever this product is started. Until then "
            "the old lake is refused."
        )


def address_source(settings: Settings) -> AddressSource:
    """Where the address in force comes from."""
    sources = read_settings(home=settings.home).sources
    given = [sources.get(("lake", key)) for key in ("catalog", "data")]
    return AddressSource(tuple(source for source in given if source and source != SETTINGS_FILE))


def write_address(home: Path, settings: Settings) -> None:
    """Write the lake's address of these settings into workbench.toml; everything else in it stays as it is.

    Raises:
        ConfigError: the file is not TOML.
    """
    path, address = home / SETTINGS_FILE, lake_address(settings)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    except TOMLKitError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Correct it and run the same again.") from error
    section = document.setdefault("lake", tomlkit.table())
    section["catalog"] = f"{address.kind}:{address.catalog}"
    if settings.lake.data:
        section["data"] = settings.lake.data
    elif "data" in section:
        del section["data"]
    write_whole(path, tomlkit.dumps(document), mode=mode)
