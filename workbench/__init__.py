"""An operations workbench for people who run SMS and MMS on Twilio.

    from workbench import Workbench
    wb = Workbench()

Importing this loads nothing heavy; pandas, Panel, plotly and the Twilio client load on first use.
"""

from workbench.api import Workbench
from workbench.errors import (
    ConfigError,
    LakeBusy,
    LakeError,
    LakeTooNew,
    TwilioAuthError,
    TwilioError,
    TwilioUnavailable,
    UnknownName,
    UsageError,
    WorkbenchError,
)
from workbench.settings import Settings, load_settings

__all__ = [
    "ConfigError",
    "LakeBusy",
    "LakeError",
    "LakeTooNew",
    "Settings",
    "TwilioAuthError",
    "TwilioError",
    "TwilioUnavailable",
    "UnknownName",
    "UsageError",
    "Workbench",
    "WorkbenchError",
    "load_settings",
]
