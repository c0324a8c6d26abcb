"""Who is measured, in which version, and by which command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

#: The same engine as the product's, so that only the ways there differ.
DLT_PACKAGES = ("dlt[duckdb]==1.31.0", "duckdb==1.5.5")

INGESTR = (
    "ingestr is not in the tables, because it cannot be pointed at the stand-in: its Twilio source has the "
    "address `https://api.twilio.com` as a constant and takes no other from its URI. (Also, the wheel of "
    "1.1.76 is a launcher that fetches the program from GitHub at its first start.) That source reads one "
    "page of 1,000 after the other, at most ten a second, and the whole list again at every run."
)

_CONTENDERS = Path(__file__).parent / "contenders"


@dataclass(frozen=True)
class Place:
    """What a command is built from: the stand-in's first day, a fresh folder, the peers' Python."""

    since: date
    folder: Path
    peers_python: Path
    concurrency: int


@dataclass(frozen=True)
class Contender:
    """One row of the tables."""

    name: str
    label: str
    command: Callable[[Place], list[str | Path]]
    longest_latency_ms: int | None = None
    """Not run beyond, because of the hours it would take."""
    repeats: bool = True


def _ours(place: Place) -> list[str | Path]:
    return [
        sys.executable,
        "-m",
        "workbench",
        "sync",
        "--messages-only",
        "--since",
        str(place.since),
        "--json",
    ]


def _floor(place: Place) -> list[str | Path]:
    options = ["--since", str(place.since), "--concurrency", str(place.concurrency)]
    return [sys.executable, _CONTENDERS / "floor.py", *options]


def _official(place: Place) -> list[str | Path]:
    return [sys.executable, _CONTENDERS / "official_client.py", place.folder / "messages.duckdb"]


def _dlt(place: Place) -> list[str | Path]:
    return [*_dlt_by_default(place), "1000"]


def _dlt_by_default(place: Place) -> list[str | Path]:
    return [place.peers_python, _CONTENDERS / "dlt_rest_api.py", place.folder / "messages.duckdb"]


CONTENDERS: Mapping[str, Contender] = {
    contender.name: contender
    for contender in (
        Contender("workbench", "workbench sync --messages-only", _ours),
        Contender("floor", "floor: the same pages, thrown away", _floor),
        Contender("official", "twilio client, pandas, DuckDB", _official),
        Contender("dlt", "dlt rest_api, pages of 1,000", _dlt),
        Contender(
            "dlt-default",
            "dlt rest_api, Twilio's default pages of 50",
            _dlt_by_default,
            longest_latency_ms=250,
            repeats=False,
        ),
    )
}


def replay_command(addresses: Path, concurrency: int) -> list[str | Path]:
    """Fetch every address in a file, as many at once as allowed, and throw the answers away."""
    options: list[str | Path] = ["--addresses", addresses, "--concurrency", str(concurrency)]
    return [sys.executable, _CONTENDERS / "floor.py", *options]


def install_peers(folder: Path) -> Path:
    """Make an environment for dlt under ``folder``; gives its Python."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise RuntimeError("uv is needed to install the peers; run `make setup`.")
    python = folder / "peers" / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "peers")], check=True)
    # Compiled now, as an installation in use is, and not while it is measured.
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
    subprocess.run([*install, *DLT_PACKAGES], check=True)
    return python


def contender_environment(stand_in: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables of one run: the account, and a fresh home for whoever needs one."""
    return {
        **stand_in,
        "WORKBENCH_HOME": str(folder / "home"),
        "DLT_DATA_DIR": str(folder),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
