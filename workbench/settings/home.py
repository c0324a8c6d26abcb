"""Finds the home of an installation, and names its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SETTINGS_FILE = "workbench.toml"
CREDENTIALS_FILE = "credentials.toml"
DEMO_FOLDER = "demo"

STATUS_PATH, INBOUND_PATH = "/webhooks/twilio/status", "/webhooks/twilio/inbound"
"""Paths under ``public_url`` to which Twilio posts status callbacks and inbound messages."""
MEDIA_PATH = "/webhooks/twilio/media"
"""The path under ``public_url`` from which Twilio fetches what people attached to an answer."""
PROBE_FIELD = "WorkbenchProbe"
"""A field in a signed form that marks it as a test: it is checked but not stored."""


def find_home(env: Mapping[str, str], cwd: Path) -> Path:
    """The folder that holds this installation.

    ``WORKBENCH_HOME`` if set; else ``data/`` in this folder or the nearest parent folder with one in use, so
    that a notebook in a subfolder finds it; else ``./data``. If only a demo is set up there, the demo's home.
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
