"""Where an installation is, and the names of what lies in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SETTINGS_FILE = "workbench.toml"
CREDENTIALS_FILE = "credentials.toml"
DEMO_FOLDER = "demo"

STATUS_PATH, INBOUND_PATH = "/webhooks/twilio/status", "/webhooks/twilio/inbound"
"""Under ``public_url``: where Twilio tells the status of messages, and brings those that come in."""
PROBE_FIELD = "WorkbenchProbe"
"""In a signed form: only whether it arrives is asked; nothing is stored."""


def find_home(env: Mapping[str, str], cwd: Path) -> Path:
    """The folder that holds this installation.

    ``WORKBENCH_HOME`` when set; else ``data/`` of the nearest folder upwards that is in use, so that a
    notebook in a subfolder finds it; else ``./data``. With nothing set up there but a demo, the demo.
    """
    given = env.get("WORKBENCH_HOME")
    if given:
        return _or_its_demo(Path(given).expanduser().absolute(), env)
    for folder in (cwd, *cwd.parents):
        home = _or_its_demo(folder / "data", env)
        if _in_use(home):
            return home
    return cwd / "data"


def _in_use(home: Path) -> bool:
    return (home / SETTINGS_FILE).exists() or (home / "lake").is_dir()


def _or_its_demo(home: Path, env: Mapping[str, str]) -> Path:
    real = _in_use(home) or env.get("TWILIO_ACCOUNT_SID") or env.get("WORKBENCH_LAKE")
    demo = home / DEMO_FOLDER
    return demo if not real and _in_use(demo) else home
