"""All settings of one installation: declared once, read once, typed.

Everything of one installation lives under its *home* (``WORKBENCH_HOME``, default ``./data``):
``workbench.toml`` (settings, no secrets), ``credentials.toml`` (secrets, mode 0600), the lake, reports.
The environment wins over both files. An unknown name is an error, as is a value that is not
allowed.

Start at ``model.py`` (all settings), then ``declare.py`` (how a setting is declared) and ``read.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.errors import ConfigError
from workbench.settings.access import AccessSettings, OAuthSettings
from workbench.settings.credentials import Credentials, check_credentials
from workbench.settings.home import (
    CREDENTIALS_FILE,
    DEMO_FOLDER,
    INBOUND_PATH,
    MEDIA_PATH,
    PROBE_FIELD,
    SETTINGS_FILE,
    STATUS_PATH,
    find_home,
)
from workbench.settings.logs import LogsSettings
from workbench.settings.model import Settings
from workbench.settings.secret import Secret
from workbench.settings.sections import (
    ConversationsSettings,
    LakeSettings,
    PrivacySettings,
    ReportSettings,
    RetentionSettings,
    ScheduleSettings,
    SendingSettings,
    SmtpSettings,
    SyncSettings,
    TwilioSettings,
    WebhooksSettings,
)
from workbench.settings.values import Money, Network, check_timezone

__all__ = [
    "CREDENTIALS_FILE",
    "DEMO_FOLDER",
    "INBOUND_PATH",
    "MEDIA_PATH",
    "PROBE_FIELD",
    "SETTINGS_FILE",
    "STATUS_PATH",
    "AccessSettings",
    "ConversationsSettings",
    "Credentials",
    "LakeSettings",
    "LogsSettings",
    "Money",
    "Network",
    "OAuthSettings",
    "PrivacySettings",
    "ReportSettings",
    "RetentionSettings",
    "ScheduleSettings",
    "Secret",
    "SendingSettings",
    "Settings",
    "SmtpSettings",
    "SyncSettings",
    "TwilioSettings",
    "WebhooksSettings",
    "check_credentials",
    "check_timezone",
    "find_home",
    "load_settings",
]


def load_settings(
    environ: Mapping[str, str] | None = None, *, cwd: Path | None = None, home: Path | str | None = None
) -> Settings:
    """Read and check the settings.

    Args:
        environ: the environment; that of this process if not given.
        cwd: where to look for the home; the current folder if not given.
        home: the home itself, whatever the environment says of it.

    Raises:
        ConfigError: naming the setting, its value, what is allowed and where it came from.
    """
    from workbench.settings.read import read_settings

    reading = read_settings(environ, cwd=cwd, home=home)
    if reading.settings and not reading.problems:
        return reading.settings
    first, *more = reading.problems
    raise ConfigError(f"{first} ({len(more)} more: `workbench config check` shows all.)" if more else first)
